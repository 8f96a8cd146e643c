"""What must be true of the books every day: each query returns what is not.

Operators run them, and so does every test that breaks something and looks at what is left.
Where the same fact stands twice (a balance and its transfers, a row and its legs), both are
read, so that a mistake in one of them shows.
"""

from collections.abc import Mapping

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.port import Breach


async def breaches(
    connection: AsyncConnection, truths: Mapping[str, TextClause] | None = None
) -> list[Breach]:
    """Everything that is not as it must be; empty on a healthy ledger.

    `truths` are those of another room that keeps books beside these: name → what breaks it, as
    `subject` and `said`.
    """
    found = []
    for truth, query in (TRUTHS if truths is None else truths).items():
        rows = await connection.execute(query)
        found += [Breach(truth, row.subject, row.said) for row in rows]
    return found


async def trial_balance(connection: AsyncConnection) -> dict[str, int]:
    """Debits less credits over all accounts, by currency: 0 each."""
    rows = await connection.execute(_TRIAL_BALANCE)
    return {row.currency: int(row.difference) for row in rows}


async def cash_cover(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    """What banks have for us (1010, 1100), and what we owe to others, by currency."""
    rows = await connection.execute(_COVER)
    return {row.currency: (int(row.cash), int(row.owed)) for row in rows}


_COVER = text("""
    SELECT currency,
           coalesce(sum(debits - credits) FILTER (WHERE code IN (1010, 1100)), 0) AS cash,
           coalesce(sum(credits - debits) FILTER (WHERE kind = 'liability'), 0) AS owed
    FROM account_balance JOIN chart USING (code) GROUP BY currency ORDER BY currency
""")

_TRIAL_BALANCE = text("""
    SELECT currency, sum(debits - credits) AS difference FROM account_balance GROUP BY currency
""")

# Assets and expenses against liabilities and income; the memo accounts against each other.
_SIDES = text("""
    SELECT currency AS subject,
           CASE WHEN kind = 'memo' THEN 'memo accounts' ELSE 'the balance sheet' END
               || ' are apart by ' || sum(debits - credits) AS said
    FROM account_balance JOIN chart USING (code)
    GROUP BY currency, kind = 'memo'
    HAVING sum(debits - credits) <> 0
""")

_BALANCES = text("""
    SELECT account.name || ':' || balance.owner || ' ' || balance.currency AS subject,
           'balance ' || balance.debits || '/' || balance.credits || ', transfers '
               || coalesce(debit.total, 0) || '/' || coalesce(credit.total, 0) AS said
    FROM account_balance AS balance JOIN chart AS account USING (code)
    LEFT JOIN (SELECT debit_account AS id, sum(amount) AS total FROM transfer GROUP BY 1)
        AS debit ON debit.id = balance.id
    LEFT JOIN (SELECT credit_account AS id, sum(amount) AS total FROM transfer GROUP BY 1)
        AS credit ON credit.id = balance.id
    WHERE balance.debits <> coalesce(debit.total, 0)
       OR balance.credits <> coalesce(credit.total, 0)
""")

_OVERDRAWN = text("""
    SELECT account.name || ':' || balance.owner || ' ' || balance.currency AS subject,
           'debits ' || balance.debits || ', credits ' || balance.credits AS said
    FROM account_balance AS balance JOIN chart AS account USING (code)
    WHERE balance.guard IN ('C', 'S') AND balance.debits > balance.credits
       OR balance.guard = 'D' AND balance.credits > balance.debits
""")

_STRANDED = text("""
    SELECT escrow.id AS subject,
           chart.name || ' is ' || balance.credits - balance.debits
               || ' though the purchase is ' || escrow.stage AS said
    FROM escrow
    JOIN account_balance AS balance ON balance.owner = escrow.id
    JOIN chart USING (code)
    WHERE escrow.stage IN ('completed', 'refunded', 'closed')
      AND balance.code IN (2100, 2110, 9200) AND balance.credits <> balance.debits
""")

# Held, disputed and authorised are balances of the purchase's own accounts; the rest is read off
# its legs: where money of this purchase is while it stands in an account of a code.
_ROWS = text("""
    WITH place (code, name) AS (VALUES
        (2100, 'held'), (2110, 'disputed'),
        (2200, 'released'), (2210, 'released'), (1300, 'released'), (4100, 'released'),
        (5200, 'released'), (2310, 'refunded'), (1100, 'refunded')
    ), leg AS (
        SELECT transfer.subject, taken.name AS taken, given.name AS given, transfer.amount
        FROM transfer
        JOIN account AS debit ON debit.id = transfer.debit_account
        JOIN account AS credit ON credit.id = transfer.credit_account
        JOIN place AS taken ON taken.code = debit.code
        JOIN place AS given ON given.code = credit.code
    ), moved AS (
        SELECT subject,
            sum(amount) FILTER (WHERE taken = 'refunded' AND given = 'held') AS funded,
            sum(CASE given WHEN 'released' THEN amount ELSE 0 END
                - CASE taken WHEN 'released' THEN amount ELSE 0 END) AS released,
            sum(CASE given WHEN 'refunded' THEN amount ELSE 0 END
                - CASE WHEN taken = 'refunded' AND given <> 'held' THEN amount ELSE 0 END)
                AS refunded
        FROM leg GROUP BY subject
    ), own AS (
        SELECT owner, currency,
            sum(credits - debits) FILTER (WHERE code = 2100) AS held,
            sum(credits - debits) FILTER (WHERE code = 2110) AS disputed,
            sum(credits - debits) FILTER (WHERE code = 9200) AS authorised
        FROM account_balance WHERE code IN (2100, 2110, 9200) GROUP BY owner, currency
    ), ledger AS (
        SELECT escrow.id, coalesce(moved.funded, 0) AS funded, coalesce(own.held, 0) AS held,
            coalesce(own.disputed, 0) AS disputed, coalesce(moved.released, 0) AS released,
            coalesce(moved.refunded, 0) AS refunded, coalesce(own.authorised, 0) AS authorised
        FROM escrow
        LEFT JOIN moved ON moved.subject = escrow.id
        LEFT JOIN own ON own.owner = escrow.id AND own.currency = escrow.currency
    )
    SELECT id AS subject, concat_ws(' ', 'the ledger says funded', ledger.funded,
        'held', ledger.held, 'disputed', ledger.disputed, 'released', ledger.released,
        'refunded', ledger.refunded, 'authorised', ledger.authorised) AS said
    FROM escrow JOIN ledger USING (id)
    WHERE (escrow.funded, escrow.held, escrow.disputed, escrow.released, escrow.refunded,
           escrow.authorised)
       <> (ledger.funded, ledger.held, ledger.disputed, ledger.released, ledger.refunded,
           ledger.authorised)
""")

_STEPS = text("""
    SELECT escrow.id AS subject, 'version ' || version || ' after ' || steps || ' transitions, '
           || told || ' told of ' || events || ' events' AS said
    FROM escrow,
        LATERAL (SELECT count(*) AS steps FROM transition WHERE escrow_id = escrow.id) AS made,
        LATERAL (SELECT count(*) AS events FROM event WHERE escrow_id = escrow.id) AS heard
    WHERE version <> steps OR told <> events
""")

# Checkpoints and seals compare transaction ids. A server that was filled from a dump counts from
# the beginning again, and would take everything new for old.
_SERVER = text("""
    SELECT 'the server' AS subject,
           'is at transaction ' || now || ', the ledger at ' || ledger AS said
    FROM (SELECT pg_snapshot_xmax(pg_current_snapshot()) AS now,
                 greatest((SELECT max(upto) FROM account), (SELECT max(upto) FROM seal),
                          (SELECT max(xid) FROM transfer),
                          (SELECT max(xid) FROM event)) AS ledger) AS clocks
    WHERE ledger > now
""")

TRUTHS: dict[str, TextClause] = {
    "both sides are equal": _SIDES,
    "balances are the sum of their transfers": _BALANCES,
    "no guarded account is overdrawn": _OVERDRAWN,
    "an ended purchase holds nothing": _STRANDED,
    "a purchase's row says what the ledger says": _ROWS,
    "transitions and events are without gaps": _STEPS,
    "the server counts on from where the ledger stopped": _SERVER,
}
