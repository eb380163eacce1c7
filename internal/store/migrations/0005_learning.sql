-- What the assessment knew of a revision beside its text, kept so that learning
-- sees what the assessment saw, and its fingerprint, by which near-identical
-- texts of several authors are found.
create table observed (
  comment_id  text not null references comments(id),
  revision    integer not null,
  site_id     text not null,
  author_id   text not null,
  fingerprint bigint not null, -- SimHash; 0: too short to compare
  proven      integer not null default 0,
  submitted   integer not null default 0,
  approved    integer not null default 0,
  rejected    integer not null default 0,
  age_days    integer not null default 0,
  at          bigint not null,
  primary key (comment_id, revision)
);
create index observed_site on observed (site_id, at);

-- A site's own model: the difference from the base. The version is the base's
-- digest and the position in the chain up to which it has learned.
create table models (
  site_id    text not null references sites(id),
  version    text not null,
  position   bigint not null,
  lessons    integer not null, -- decisions learned from
  delta      {{bytes}} not null,
  quality    double precision, -- AUC on the latest decisions, before it learned them
  created_at bigint not null,
  primary key (site_id, position)
);
