-- A role for readers' pages that can read nothing but what is released. Run as
-- the owner of the tables; give its address to the nodes as -read-db.
create role freigabe_readers login;
revoke all on all tables in schema public from "freigabe_readers";
grant usage on schema public to "freigabe_readers";
grant select on articles to "freigabe_readers";
grant select on counts to "freigabe_readers";
grant select on images to "freigabe_readers";
grant select on outbox to "freigabe_readers";
grant select on policies to "freigabe_readers";
grant select on publications to "freigabe_readers";
grant select on reaction_counts to "freigabe_readers";
grant select on sites to "freigabe_readers";
