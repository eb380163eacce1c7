-- What editors see of the machine: the quality of each trained model, what
-- happened to it, whether the comments have drifted away from it, and how the
-- publisher's own scorer does.

alter table models add column retrained integer not null default 0; -- 1: trained afresh from all decisions; 0: steps since then
alter table models add column pending integer not null default 0;   -- decisions learned since the last training
alter table models add column learned_at bigint not null default 0; -- when the last decision learned was taken
alter table models add column report text not null default '';      -- how well it does, JSON
alter table models add column refused text not null default '';     -- why it cannot be used

alter table observed add column external text not null default '';          -- the external scorer's probabilities, JSON
alter table observed add column parent_revision integer not null default 0; -- the text answered

create table machine_log (
  id      text primary key,
  site_id text not null references sites(id),
  at      bigint not null,
  kind    text not null, -- retrained, rolled_back, damaged, drift, drift_over
  version text not null default '',
  lessons integer not null default 0, -- decisions that the model had learned
  detail  text not null default ''    -- figures, JSON
);
create index machine_log_site on machine_log (site_id, at);

create table drift (
  site_id text primary key references sites(id),
  at      bigint not null,          -- of the last look
  since   bigint,                   -- of the alarm; null: none
  alarms  text not null default '', -- what moved, separated by blanks
  report  text not null default ''  -- figures, JSON
);

create table scorers (
  site_id text primary key references sites(id),
  at      bigint not null,          -- of the last answer, or the last lack of one
  cause   text not null default '', -- why texts are not checked by it; '': it answers
  since   bigint not null           -- that it has been so
);
