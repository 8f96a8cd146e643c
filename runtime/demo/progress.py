"""What a person sees while things start and a purchase goes on. On stderr: stdout is for data."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

Told = Callable[[str], None]

PARTS = {
    "postgres": "PostgreSQL",
    "schema": "the schema",
    "temporal": "Temporal and its UI",
    "bank": "the sandbox bank",
    "mailbox": "the sandbox mailbox",
    "api": "the API",
    "worker": "the worker",
    "codec": "the codec server",
    "shop": "the shop",
}


class Progress:
    """Says what happens; a quiet one only says what went wrong."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.quiet = quiet

    def part(self, name: str) -> None:
        """A part of the service is started now."""
        self.say(f"[dim]starting {PARTS.get(name, name)} …[/]")

    def say(self, line: str) -> None:
        if not self.quiet:
            self.console.print(line)

    def wrong(self, line: str) -> None:
        """Also said by a quiet one."""
        self.console.print(f"wrong: {line}", style="bold red", markup=False)

    @contextlib.contextmanager
    def chapters(self, names: tuple[str, ...], done: str) -> Iterator[Told]:
        """A bar that moves on with each name told; at the end of the block it says `done`."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24))
        with Bar(*columns, TimeElapsedColumn(), console=self.console, disable=self.quiet) as bar:
            task = bar.add_task(names[0], total=len(names))
            begun = 0

            def told(name: str) -> None:
                nonlocal begun
                bar.update(task, description=name, completed=begun)
                begun += 1

            yield told
            bar.update(task, completed=len(names), description=f"[green]{done}[/]")
