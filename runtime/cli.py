"""`./dev …` once the environment is there. doctor and reset are modules that need none."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.completion import (  # type: ignore[attr-defined]  # typer's own, passed on untyped
    completion_init,
    get_completion_script,
)

from runtime.beside import told as told_by_demo
from runtime.lint import lint as run_lint
from runtime.locks import lock as make_locks

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / ".danbao" / "demo"

app = typer.Typer(
    help="Danbao: escrow payments as durable workflows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
escrows = typer.Typer(help="Look at a purchase.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(escrows, name="escrow")

SHELLS = ("bash", "zsh", "fish")
COMPLETE = "_DEV_COMPLETE"
#: What `trigger` can make happen (runtime/engineer/trigger.py, which loads too much for a help).
EVENTS = (
    "escrow.created", "escrow.paid", "escrow.shipped", "escrow.reminder", "escrow.extended",
    "escrow.confirmed", "escrow.released", "escrow.disputed", "escrow.dispute.updated",
    "escrow.refunded", "escrow.closed",
)  # fmt: skip
#: A third at a time gains nothing on two cores. In the order of folders: the longest come early.
ALL_TESTS = ("--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder", "--durations=10")
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="One purchase to its release, then end.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="With --once: nothing but the JSON line on stdout.")
    ] = False,
) -> None:
    """Start everything on this machine and run a purchase through it."""
    _become("runtime.demo", *["--once"] * once, *["--json"] * json)


@app.command(context_settings=PASSED_ON, add_help_option=False)
def test(context: typer.Context) -> None:
    """Run all tests, two modules at a time; what follows `test` goes to pytest instead."""
    _become("pytest", *(context.args or ALL_TESTS))


@app.command(context_settings=PASSED_ON, add_help_option=False)
def merchant(context: typer.Context) -> None:
    """Merchants and their API keys: create, rotate, revoke, list. Works on a demo that runs."""
    _become("api.merchant", *context.args, told=told_by_demo(DEMO, os.environ))


@app.command(context_settings=PASSED_ON, add_help_option=False)
def operator(context: typer.Context) -> None:
    """Operators: create, list, role, key, password, disable, audit. Works on a demo that runs."""
    _become("api.operator", *context.args, told=told_by_demo(DEMO, os.environ))


@app.command(context_settings=PASSED_ON, add_help_option=False)
def disputes(context: typer.Context) -> None:
    """What operators have to decide: list, show, resolve, approve."""
    _become("runtime.engineer.disputes", *context.args)


@app.command(context_settings=PASSED_ON, add_help_option=False)
def notices(context: typer.Context) -> None:
    """What merchants were given up on: list, redeliver. Works on a demo that runs."""
    _become("api.notices", *context.args, told=told_by_demo(DEMO, os.environ))


@app.command(context_settings=PASSED_ON, add_help_option=False)
def clear(context: typer.Context) -> None:
    """Pay merchants what is due on a clearing day: --day, --currency, --ahead."""
    _become("api.clear", *context.args, told=told_by_demo(DEMO, os.environ))


@app.command(context_settings=PASSED_ON, add_help_option=False)
def reconcile(context: typer.Context) -> None:
    """Read banks' new statements now, and say what is not explained; --json."""
    _become("api.reconcile", *context.args, told=told_by_demo(DEMO, os.environ))


@app.command(context_settings=PASSED_ON, add_help_option=False)
def audit(context: typer.Context) -> None:
    """What must be true of the books today: balance, cover, truths, seals; --seal, --json."""
    _become("runtime.audit", *context.args, told=told_by_demo(DEMO, os.environ))


@app.command()
def listen(
    forward: Annotated[
        str, typer.Option(metavar="URL", help="Where each notice goes on to, as it came.")
    ] = "",
    port: Annotated[int, typer.Option(help="Where to hear; any free one otherwise.")] = 0,
) -> None:
    """Hear what the demo's merchant is told: prints the secret, and each notice verified."""
    _become("runtime.engineer.listen", forward, str(port))


@app.command()
def trigger(
    event: Annotated[
        str,
        typer.Argument(
            help="escrow.created, paid, shipped, reminder, extended, confirmed, released, disputed,"
            " dispute.updated, refunded or closed; with --escrow any that has happened.",
            autocompletion=lambda: EVENTS,
        ),
    ],
    escrow: Annotated[
        str, typer.Option(metavar="ID", help="A purchase or an order; a new one otherwise.")
    ] = "",
) -> None:
    """Make an event happen by real doors, at the sandbox bank too; or have it told again."""
    _become("runtime.engineer.trigger", event, escrow)


@escrows.command()
def show(
    escrow: Annotated[str, typer.Argument(metavar="ID", help="Or the order's number.")],
) -> None:
    """One purchase: timeline, balances, deadline, who must act, its workflow in Temporal's UI."""
    _become("runtime.engineer.escrow", escrow)


@app.command()
def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.")] = "bash",
) -> None:
    """What a shell has to read to complete these commands: eval "$(./dev completion)"."""
    if shell not in SHELLS:
        raise typer.BadParameter(f"one of {', '.join(SHELLS)}")
    typer.echo(get_completion_script(prog_name="./dev", complete_var=COMPLETE, shell=shell))


@app.command()
def lint() -> None:
    """Style, types, import contracts, leaked addresses, and whether generated pages are true."""
    if failed := run_lint(ROOT):
        typer.echo(f"failed: {', '.join(failed)}", err=True)
        raise typer.Exit(1)
    typer.echo("All checks passed.")


@app.command()
def docs() -> None:
    """Write the pages that are made from code."""
    _become("runtime.docs")


@app.command()
def screenshots() -> None:
    """Picture every page and state that people can see, on a desktop and a phone."""
    _become("runtime.screenshots")


@app.command()
def lock(
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Take the newest versions.")] = False,
) -> None:
    """Make requirements.lock and requirements-dev.lock from pyproject.toml."""
    if not make_locks(ROOT, upgrade=upgrade):
        raise typer.Exit(1)


@app.command()
def erase(
    escrow_id: Annotated[str, typer.Argument(help="A purchase that has ended, esc_….")],
) -> None:
    """Forget a purchase's buyer for good: what Temporal holds of it can't be read any more."""
    _become("api.erasure", escrow_id, told=told_by_demo(DEMO, os.environ))


@app.command()
def rewrap() -> None:
    """Wrap every purchase's key with the first master key, so that older ones can go."""
    _become("runtime.rewrap", told=told_by_demo(DEMO, os.environ))


# For the list of commands only: runtime/bootstrap.py runs these without an environment.
@app.command()
def doctor() -> None:
    """Say what would keep the demo from working here."""
    _become("runtime.doctor")


@app.command()
def reset() -> None:
    """Forget everything that demos have written (--yes: without asking)."""
    _become("runtime.reset")


def _become(module: str, *arguments: str, told: Mapping[str, str] | None = None) -> NoReturn:
    """Go on as `python -m module`: one process to interrupt, and only what it needs is imported."""
    os.chdir(ROOT)
    environment = {**os.environ, **(told or {})}
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], environment)  # noqa: S606


if __name__ == "__main__":
    completion_init()
    app(prog_name="./dev", complete_var=COMPLETE)
