"""Why a buyer disputes, in a buyer's words."""

from api.languages import N_
from domain.states import Reason

REASONS: dict[Reason, str] = {
    Reason.NOT_RECEIVED: N_("It has not arrived"),
    Reason.NOT_AS_DESCRIBED: N_("It is not what was described"),
    Reason.DAMAGED: N_("It is damaged"),
    Reason.WRONG_ITEM: N_("It is the wrong thing"),
    Reason.INCOMPLETE: N_("Something is missing"),
    Reason.OTHER: N_("Something else"),
}
