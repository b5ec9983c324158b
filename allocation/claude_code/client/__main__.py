"""Runs the client by its path, without the time that `site` takes: python -I -S <this file>."""

import os
import sys

if __name__ == "__main__":
    # With -I and -S nothing but the standard library is on the path.
    sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "..")))
    from allocation.claude_code.client.run import main

    main(sys.argv[1:])
