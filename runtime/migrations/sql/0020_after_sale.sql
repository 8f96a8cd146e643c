-- What a merchant may owe us for refunds after the release, and whether our fee goes back with them.
ALTER TABLE payout_contract
    ADD COLUMN debt_limit bigint NOT NULL DEFAULT 0
        CONSTRAINT payout_contract_debt CHECK (debt_limit >= 0),
    ADD COLUMN fee_back boolean NOT NULL DEFAULT true;

GRANT UPDATE (debt_limit, fee_back) ON payout_contract TO danbao_app;

-- Debts are looked for by their age.
CREATE INDEX account_of_debtors ON account (currency, owner) WHERE code = 1300;
