-- Run once by the postgres image, when its volume is empty: roles, databases, who may connect.
-- A role may log in to its own database and nothing more; tables and grants are the migrations'.
\getenv danbao_owner_password DANBAO_OWNER_PASSWORD
\getenv danbao_app_password DANBAO_APP_PASSWORD
\getenv sandbox_bank_password SANDBOX_BANK_PASSWORD
\getenv temporal_password TEMPORAL_PASSWORD

CREATE ROLE danbao_owner LOGIN PASSWORD :'danbao_owner_password';
CREATE ROLE danbao_app LOGIN PASSWORD :'danbao_app_password';
CREATE ROLE sandbox_bank LOGIN PASSWORD :'sandbox_bank_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';

CREATE DATABASE danbao OWNER danbao_owner;
CREATE DATABASE sandbox_bank OWNER sandbox_bank;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;

REVOKE ALL ON DATABASE danbao, sandbox_bank, temporal, temporal_visibility FROM PUBLIC;
GRANT CONNECT ON DATABASE danbao TO danbao_app;
