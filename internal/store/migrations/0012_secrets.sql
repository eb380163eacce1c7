-- What an admin sets for a site that must not be read with its pages: keys of
-- webhooks and of the publisher's sign-on. The readers' role has no right to it.
create table site_secrets (
  site_id text primary key references sites(id),
  value   text not null
);
