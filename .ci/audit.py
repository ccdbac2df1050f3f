"""Looks for known vulnerabilities in lock files with pip-audit; passes in silence over nothing that was not looked at.

Exit code 1: a vulnerability was found, or pip-audit failed for a reason that is not plainly the network's.
Exit code 0 and a loud line: the vulnerability service could not be reached, or does not know the packages.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

UNREACHABLE = re.compile(
    r"ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Max retries exceeded|NameResolutionError"
    r"|Temporary failure in name resolution|Connection refused|Network is unreachable|timed out"
)
LIMIT_SECONDS = 300


def loud(text: str) -> None:
    print(f"\n!!! NOT AUDITED: {text} !!!\n", flush=True)


def audit(lock: str) -> bool:
    """Whether the lock file may pass."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--require-hashes", "--disable-pip"]
    command += ["--progress-spinner", "off", "--timeout", "20", "--format", "json", "--requirement", lock]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        loud(f"the vulnerability service did not answer within {LIMIT_SECONDS} s; nobody has checked {lock}")
        return True
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        print(done.stdout, done.stderr)
        if UNREACHABLE.search(done.stderr):
            loud(f"the vulnerability service cannot be reached from here; nobody has checked {lock}")
            return True
        return False
    return judge(lock, found)


def judge(lock: str, dependencies: list[dict]) -> bool:
    skipped = [one["name"] for one in dependencies if "skip_reason" in one]
    wrong = [one for one in dependencies if one.get("vulns")]
    for one in wrong:
        for vulnerability in one["vulns"]:
            mended = ", ".join(vulnerability["fix_versions"]) or "no version"
            print(f"{one['name']} {one['version']}: {vulnerability['id']}, mended in {mended}")
    looked_at = len(dependencies) - len(skipped)
    print(
        f"{lock}: {looked_at} of {len(dependencies)} packages looked at, {len(wrong)} with known vulnerabilities"
    )
    if skipped:
        names = "all of its packages" if not looked_at else ", ".join(skipped)
        loud(f"in {lock} the vulnerability service could say nothing of {names}; nobody has checked them")
    return not wrong


if __name__ == "__main__":
    verdicts = [audit(lock) for lock in sys.argv[1:]]  # every file is looked at, whatever the first one says
    sys.exit(0 if all(verdicts) else 1)
