"""Print the description of the API, from which its clients are generated.

python -m khala.server.openapi > web/openapi.json
"""

import json
import sys

from khala.server.app import create_routes


def main() -> None:
    """Print the description on stdout."""
    json.dump(create_routes().openapi(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
