"""What must be true of payouts every day: each query returns what is not (ledger/truths.py)."""

from sqlalchemy import TextClause, text

_LINES = text("""
    SELECT payout.id AS subject,
           'pays ' || payout.amount || ', its lines are ' || coalesce(sum(line.amount), 0) AS said
    FROM payout LEFT JOIN payout_line AS line ON line.payout_id = payout.id
    GROUP BY payout.id, payout.amount
    HAVING payout.amount <> coalesce(sum(line.amount), 0)
""")

# What was refused or came back is the merchant's again; everything else is on its way, until a
# bank's statement shows that it has left. What the statement shows to be back before we have
# heard of it is on its way, too.
_IN_TRANSIT = text("""
    WITH ledger AS (
        SELECT currency, sum(credits - debits) AS amount FROM account_balance
        WHERE code = 2300 GROUP BY currency
    ), shown AS (
        SELECT file.currency, sum(CASE way WHEN 'out' THEN -amount ELSE amount END) AS amount
        FROM statement_match JOIN statement_file AS file ON file.id = file_id
        WHERE stood_in = 2300 GROUP BY file.currency
    ), under_way AS (
        SELECT currency, sum(amount) AS amount FROM (
            SELECT currency, amount FROM payout WHERE state NOT IN ('failed', 'returned')
            UNION ALL SELECT currency, amount FROM shown
        ) AS moved GROUP BY currency
    )
    SELECT currency AS subject, 'in transit ' || coalesce(ledger.amount, 0)
               || ', payouts ' || coalesce(under_way.amount, 0) AS said
    FROM ledger FULL JOIN under_way USING (currency)
    WHERE coalesce(ledger.amount, 0) <> coalesce(under_way.amount, 0)
""")

TRUTHS: dict[str, TextClause] = {
    "a payout is the sum of its lines": _LINES,
    "money in transit is that of the payouts under way": _IN_TRANSIT,
}
