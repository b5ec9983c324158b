"""Why a run used another model than the one decided, most likely. Pure."""

from allocation.claude_code.connect.checks import ENV_YIELDS_SINCE, read_version


def likely_cause(*, recommended: str, requested: str, observed_tier: str, cli_version: str) -> str:
    """One sentence on a silent mismatch. Names of tiers, "" where there is none or nobody knows;
    `recommended` is "" for a run that was put off."""
    if not recommended:
        return (
            "It was put off and ran all the same: the refusal came too late, or another hook "
            "allowed it."
        )
    version = read_version(cli_version)
    if version is not None and version < ENV_YIELDS_SINCE:
        return (
            f"Claude Code {cli_version}: CLAUDE_CODE_SUBAGENT_MODEL, where it is set, beats every "
            "hook before 2.1.251."
        )
    if requested and observed_tier == requested:
        return (
            "It ran on what the call asked for: another hook answered last, or the answer came "
            "too late."
        )
    return (
        "Another hook answered last, availableModels forbids the tier, or the service answered "
        "with another model: a fallback or a gateway."
    )
