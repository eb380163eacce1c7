-- Words of every text, for the search of the desk.
{{search}}

-- Filters of the queue that a person, or the whole desk, keeps under a name.
create table filters (
  id         text primary key,
  site_id    text references sites(id),   -- null: of all sites
  editor_id  text references editors(id), -- null: shared with the whole desk
  name       text not null,
  query      text not null, -- of the screen's address
  created_at bigint not null
);
create index filters_editor on filters (editor_id);

-- What the first of two readers would decide, kept with the decision that passes
-- the comment on. What the second one decides is in the record.
create table opinions (
  decision_id text primary key references decisions(id),
  site_id     text not null,
  comment_id  text not null,
  revision    integer not null,
  step        text not null,
  rule        text not null default '',
  at          bigint not null
);
create index opinions_site on opinions (site_id, at);
create index opinions_comment on opinions (comment_id);

-- A site's guide: how its rules are meant, with examples, words and what follows.
-- The version with the latest "since" is in force; one without is a draft.
create table guides (
  site_id    text not null references sites(id),
  version    integer not null,
  body       text not null, -- JSON
  remark     text not null default '', -- what changed and why
  editor_id  text not null references editors(id),
  saved_at   bigint not null,
  since      bigint,
  primary key (site_id, version)
);

-- The author's objection to a measure, and its answer by another person.
alter table measures add column objection text not null default '';
alter table measures add column objected_at bigint;
alter table measures add column answer text not null default '';
alter table measures add column answered_at bigint;
alter table measures add column answered_by text references editors(id);
create index measures_objected on measures (site_id, objected_at) where objected_at is not null and answered_at is null;
