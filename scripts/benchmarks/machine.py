"""The machine that is measured on, and what measures on it."""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def run(*command, **options):
    """Runs a command to its end and gives what it printed; a failed one ends the benchmark with what it said."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"scripts/bench: {' '.join(map(str, command))[:200]} failed with {done.returncode}")
    return done.stdout


def median(values):
    return statistics.median(values)


def build_floor(directory):
    """Compiles the program that shows what the machine can do."""
    program = directory / "floor"
    run("cc", "-O2", "-pthread", "-o", program, *sorted((HERE / "floor").glob("*.c")))
    return program


def published():
    """The single files that a user would install, made when they are not there or the sources are newer."""
    server = ROOT / "artifacts/hephaestus"
    sources = (path for part in ("Server", "Cli", "Protocol") for path in (ROOT / f"Hephaestus.{part}").rglob("*.*")
               if not {"bin", "obj"} & set(path.parts))
    if not server.exists() or max(path.stat().st_mtime for path in sources) > server.stat().st_mtime:
        print("publishing ...", file=sys.stderr)
        run(ROOT / "scripts/publish")
    return server, ROOT / "artifacts/hephaestus-cli"


def describe():
    """What a reader of the figures must know of the machine."""
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), os.uname().machine)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "kernel": os.uname().release,
        "load_before": round(os.getloadavg()[0], 2),
    }


def installed(*names):
    return next((path for name in names if (path := shutil.which(name))), None)


def status(pid, field):
    """A number of /proc/PID/status, MB where it is a size."""
    with open(f"/proc/{pid}/status") as lines:
        value = next(line.split()[1:] for line in lines if line.startswith(field + ":"))
    return int(value[0]) / 1024 if value[1:] == ["kB"] else int(value[0])


def forget_peak(pid):
    """VmHWM begins anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def proportional(pid):
    """Memory in MB, with shared pages divided among those that share them."""
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
