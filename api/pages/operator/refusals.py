"""Why the desk says no, in an operator's words."""

from api import errors as door
from api.languages import N_
from api.pages import refusals
from api.pages.refusals import ANYWHERE, LOOK, No, Said
from api.problems import Problematic
from domain import errors as domain

ANEW = N_("Please look at the dispute again: what you decide about has to be what stands there.")

#: Everything that somebody at the desk can meet.
SAID: Said = {
    **ANYWHERE,
    door.MissingRole: No(
        N_("Your role does not allow this"),
        N_("Ask somebody who may do it. That it was tried stands in the log."),
    ),
    door.OwnProposal: No(
        N_("Somebody else has to approve"), N_("Four eyes: nobody approves their own proposal.")
    ),
    door.NoProposal: No(N_("Nothing was proposed"), ANEW),
    door.ProposalDiffers: No(N_("Something else was proposed"), ANEW),
    door.VersionMoved: No(N_("The purchase has moved"), ANEW),
    door.EndpointDisabled: No(
        N_("The webhook endpoint is switched off"),
        N_("Its merchant has to switch it on before anything is told there."),
    ),
    domain.NoDisputeOpen: No(N_("No dispute is open"), LOOK),
    domain.SplitMismatch: No(N_("The split does not add up"), ANEW),
}


def no(error: Problematic) -> No:
    """Why, in the reader's language."""
    return refusals.no(error, SAID)
