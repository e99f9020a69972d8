"""`python -m tests.fuzz.guided KIND SECONDS`: a reader of texts under Atheris, which looks for inputs that reach code
that no other one reached. A process for each kind: Atheris ends the one that it runs in.

Atheris is no part of `.venv`, for it has wheels for few systems: `.venv/bin/pip install atheris` brings it along.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence

INSTALL = ".venv/bin/pip install atheris"


def is_there() -> bool:
    """Whether Atheris is installed."""
    return importlib.util.find_spec("atheris") is not None


def guided(names: Sequence[str], seconds: int) -> list[str]:
    """Runs each kind for so long; answers those in which something failed. What it was has been printed."""
    failed = []
    for name in names:
        print(f"Atheris: {name} for {seconds} s", flush=True)
        command = [sys.executable, "-m", "tests.fuzz.guided", name, str(seconds)]
        ran = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        lines = (ran.stdout + ran.stderr).splitlines()
        counted = [line for line in lines if line.startswith("stat::number_of_executed_units")]
        print(*(lines[-40:] if ran.returncode else counted), sep="\n", flush=True)
        failed += [name] if ran.returncode else []
    return failed


def main() -> None:
    """Does not return."""
    import atheris

    with atheris.instrument_imports(include=["starbot"]):
        from tests.fuzz.run import of_texts

    name, seconds = sys.argv[1:]
    kind = next(one for one in of_texts() if one.name == name)
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={seconds}", "-print_final_stats=1"],
        kind.trial().hypothesis.fuzz_one_input,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
