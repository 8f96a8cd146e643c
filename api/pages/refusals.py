"""Why a page says no, in a buyer's words. What programs are told stands in api/problems.py.

The rooms have words of their own for what is said otherwise to who is in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from api import errors as door
from api.languages import N_, gettext
from api.problems import Problematic
from domain import errors as domain


@dataclass(frozen=True, slots=True)
class No:
    """`text` says what the buyer can do about it, in whole sentences."""

    title: str
    text: str


Said = Mapping[type[Problematic], No]

AGAIN = N_("Please open the page again and repeat what you wanted to do.")
LATER = N_("Please wait a moment and try again. What was under way goes on; nothing happens twice.")
LOOK = N_("Please look at the order again: it has changed meanwhile.")

#: What everybody can meet.
ANYWHERE: Said = {
    door.NotFound: No(N_("Not found"), N_("Nothing is here, or it belongs to somebody else.")),
    door.MethodNotAllowed: No(N_("This page can't be opened like this"), AGAIN),
    door.StaleForm: No(N_("This page was open for too long"), AGAIN),
    door.InvalidRequest: No(N_("Something was missing in what was sent"), AGAIN),
    door.MalformedBody: No(N_("Something was missing in what was sent"), AGAIN),
    door.UnsupportedMediaType: No(N_("Something was missing in what was sent"), AGAIN),
    door.FileTooLarge: No(
        N_("The file is too large"), N_("A file may have at most 5 MB: please make it smaller.")
    ),
    door.FileTypeRefused: No(
        N_("Not this kind of file"), N_("Please send a JPEG, PNG or WebP picture, or a PDF.")
    ),
    door.BodyTooLarge: No(N_("That is too much to send at once"), AGAIN),
    door.NotAForm: No(N_("Something was missing in what was sent"), AGAIN),
    door.TooMuchEvidence: No(
        N_("That is all that can be sent"),
        N_("Each side can add twenty statements and ten files, and you have done so."),
    ),
    door.EvidenceErased: No(N_("This was erased"), N_("What was said or shown here was erased.")),
    door.EvidenceDamaged: No(
        N_("This file can't be opened any more"),
        N_("What we have is not the file that was sent. Please tell us, or send it again."),
    ),
    door.TooManyRequests: No(N_("That was too often"), LATER),
    door.Unavailable: No(N_("Not available right now"), LATER),
    door.InvalidCursor: No(
        N_("This is no page of the list"), N_("Please open the list again from its beginning.")
    ),
    door.InternalError: No(
        N_("Something is wrong on our side"),
        N_("Please try again later; if it stays, tell us. Nothing happens twice."),
    ),
    domain.Refusal: No(N_("Not possible now"), LOOK),
    domain.WrongStage: No(N_("Not possible now"), LOOK),
    domain.EscrowEnded: No(
        N_("The purchase is over"), N_("This purchase is over: nothing can change it any more.")
    ),
    domain.NothingHeld: No(
        N_("Nothing is held any more"), N_("We hold no money for this order any more.")
    ),
    domain.AmountExceedsHeld: No(
        N_("More than is held"), N_("The amount must not be more than what we hold.")
    ),
    domain.TooOften: No(
        N_("That was done too often"),
        N_("This can't be done again for this purchase: it has happened too often."),
    ),
}

#: Everything that a buyer can meet; whatever else happens at a page is a bug of ours.
SAID: Said = {
    **ANYWHERE,
    door.InvalidLink: No(
        N_("This is not a valid link"),
        N_("Please open the link from the shop again, whole and in this browser."),
    ),
    door.ExpiredLink: No(
        N_("This link has expired"),
        N_("Please ask the shop for a new one; the purchase itself is not affected."),
    ),
    door.TooManyWaiting: No(N_("This order is open in too many windows"), LATER),
    door.InternalError: No(
        N_("Something is wrong on our side"),
        N_("Your money is safe. Please try again later; if it stays, tell us."),
    ),
    door.PaymentDeclined: No(
        N_("The bank declined"), N_("The bank declined: please choose another way to pay.")
    ),
    door.UnknownPaymentMethod: No(
        N_("Unknown payment method"), N_("Choose one of the ways to pay below.")
    ),
    domain.NotYourCommand: No(N_("Not possible now"), N_("Only the shop can do this.")),
    domain.PaidAlready: No(
        N_("Paid already"),
        N_("You have paid already: ask the shop for a refund instead of cancelling."),
    ),
    domain.BankUndecided: No(
        N_("The bank has not decided yet"),
        N_("Your bank has not answered yet; you will not be charged twice. Please wait a moment."),
    ),
    domain.ExtendedAlready: No(
        N_("Extended already"),
        N_("You have extended the time once already. The shop can extend it further: ask there."),
    ),
    domain.ExtensionTooLong: No(
        N_("The extension is too long"), N_("The time can't be extended any further.")
    ),
    domain.DisputeOpenAlready: No(
        N_("You reported a problem already"),
        N_("You reported a problem already: it has to be settled first."),
    ),
    domain.NoDisputeOpen: No(N_("No problem is open"), N_("No problem is open any more.")),
    domain.TooManyDisputes: No(
        N_("No further problem can be reported"),
        N_("A problem can be reported twice for a purchase, and you have done so."),
    ),
}


def no(error: Problematic, words: Said = SAID) -> No:
    """Why, in the reader's language."""
    said = words.get(type(error), words[door.InternalError])
    return No(gettext(said.title), gettext(said.text))
