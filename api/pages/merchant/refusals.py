"""Why the console says no, in a merchant's words."""

from api import errors as door
from api.languages import N_
from api.pages import refusals
from api.pages.refusals import ANYWHERE, LOOK, No, Said
from api.problems import Problematic
from domain import errors as domain

#: Everything that somebody in the console can meet.
SAID: Said = {
    **ANYWHERE,
    door.MissingScope: No(
        N_("Your key may not do that"), N_("Sign in with a key that has the scope for it.")
    ),
    domain.BankUndecided: No(
        N_("The bank has not decided yet"),
        N_("The bank has not answered yet: please wait a moment and try again."),
    ),
    domain.AmountExceedsReleased: No(
        N_("More than was released"),
        N_("The amount must be more than nothing, and not more than what is left of it."),
    ),
    domain.DebtLimitReached: No(
        N_("Your balance does not cover it"),
        N_(
            "Your balance and reserve do not cover it. Give back less, or when more has been "
            "released to you."
        ),
    ),
    domain.WholeAmountOnly: No(
        N_("Only the whole amount"),
        N_("Frozen money can only be given back whole before you ship."),
    ),
    domain.NoDisputeOpen: No(N_("No dispute is open"), LOOK),
}


def no(error: Problematic) -> No:
    """Why, in the reader's language; what was said of a scope names it."""
    said = refusals.no(error, SAID)
    return No(said.title, str(error) or said.text) if isinstance(error, door.MissingScope) else said
