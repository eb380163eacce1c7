-- Comments to be released together. The rows of decisions name the bundle; this
-- table holds how it came about.
create table bundles (
  id           text primary key,
  site_id      text not null references sites(id),
  editor_id    text not null references editors(id),
  version      text not null, -- of the frozen model that gave the scores
  upper        integer not null, -- the handle, in hundredths of the score
  labels       integer not null, -- blind decisions that the bound rested on
  wrong        integer not null, -- of these, refused
  members      text not null, -- comments with their revisions, JSON
  sample       text not null, -- ids to be read first, JSON
  passed       text not null default '[]', -- of these, read and found fine, JSON
  created_at   bigint not null,
  released_at  bigint,
  withdrawn_at bigint -- the sample held a refusal
);
create index bundles_site on bundles (site_id, created_at);
create index decisions_bundle on decisions (bundle);
create index decisions_blind on decisions (site_id, blind, seq);
