"""The rules of budgetctl: plain functions and small frozen values.

Standard library only. Nothing in here reads a clock, a row, a setting or the environment; what a
rule needs is an argument. Token amounts are `int` or exact `fractions.Fraction`, money is
`decimal.Decimal`, instants are aware UTC datetimes.
"""
