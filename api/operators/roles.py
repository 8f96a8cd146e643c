"""What an operator may do."""

from enum import StrEnum


class Role(StrEnum):
    """Each may do what the one before it may, and more."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"

    def includes(self, other: "Role") -> bool:
        """Whether who has this role may do what `other` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


#: For people who choose: documents, desk, command line.
MEANINGS: dict[Role, str] = {
    Role.VIEWER: "looks",
    Role.OPERATOR: "proposes how a dispute is decided, decides small ones, delivers events again",
    Role.APPROVER: "approves what somebody else has proposed, too",
}
