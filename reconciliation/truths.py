"""What must always be true of statements and the books (docs/concepts/reconciliation.md)."""

from sqlalchemy import TextClause, text

# At every moment: also while a statement is read, and between two.
_CASH = text("""
    WITH newest AS (
        SELECT DISTINCT ON (bank, currency) id, bank, currency, opening, matched_upto
        FROM statement_file ORDER BY bank, currency, sequence DESC
    ), said AS (
        SELECT newest.bank, newest.currency, newest.opening + coalesce((
            SELECT sum(amount) FROM statement_line
            WHERE file_id = newest.id AND number <= newest.matched_upto), 0) AS amount
        FROM newest
    ), booked AS (
        SELECT owner AS bank, currency, debits - credits AS amount
        FROM account_balance WHERE code = 1010
    )
    SELECT bank || ' ' || currency AS subject, 'statement ' || coalesce(said.amount, 0)
               || ', ledger ' || coalesce(booked.amount, 0) AS said
    FROM said FULL JOIN booked USING (bank, currency)
    WHERE coalesce(said.amount, 0) <> coalesce(booked.amount, 0)
""")

_LINES = text("""
    SELECT file.id AS subject, 'line ' || line.number || ' is neither matched nor a break' AS said
    FROM statement_file AS file
    JOIN statement_line AS line ON line.file_id = file.id AND line.number <= file.matched_upto
    WHERE NOT EXISTS (SELECT 1 FROM statement_match AS found
                      WHERE found.file_id = line.file_id AND found.number = line.number)
      AND NOT EXISTS (SELECT 1 FROM reconciliation_break AS found
                      WHERE found.file_id = line.file_id AND found.number = line.number)
""")

_SUMS = text("""
    SELECT file.id AS subject, 'opening and lines make '
               || file.opening + coalesce(sum(line.amount), 0) || ', not ' || file.closing AS said
    FROM statement_file AS file LEFT JOIN statement_line AS line ON line.file_id = file.id
    GROUP BY file.id HAVING file.opening + coalesce(sum(line.amount), 0) <> file.closing
""")

_CHAIN = text("""
    SELECT later.id AS subject, 'opens with ' || later.opening || ' after ' || file.closing AS said
    FROM statement_file AS file JOIN statement_file AS later
      ON (later.bank, later.currency, later.sequence)
       = (file.bank, file.currency, file.sequence + 1)
    WHERE later.opening <> file.closing
""")

TRUTHS: dict[str, TextClause] = {
    "cash at a bank is what its statements say": _CASH,
    "every line is matched or a break": _LINES,
    "a statement is its lines": _SUMS,
    "a statement opens with what the one before closed with": _CHAIN,
}
