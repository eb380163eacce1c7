-- Who works at the desk, for which sites and sections, and how they sign in. A
-- node of the version before reads site_id alone: for a person of several sites
-- it is the first of them, so that such a node shows less, never more.
alter table editors add column reach text not null default ''; -- JSON: sites with their sections; '': by site_id
alter table editors add column password_off integer not null default 0; -- signs in by passkey alone
alter table editors add column subject text; -- of the desk's OIDC provider, once signed in by it
create unique index editors_subject on editors (subject) where subject is not null;

alter table sessions add column means text not null default 'password';

create table passkeys (
  id         text primary key, -- the credential's id, base64url
  editor_id  text not null references editors(id),
  name       text not null,
  credential text not null, -- JSON: public key and counter
  created_at bigint not null,
  used_at    bigint,
  warned_at  bigint -- its counter went back: a copy of it may be about
);
create index passkeys_editor on passkeys (editor_id, created_at);

-- A sign-in on its way, for one browser and one use.
create table ceremonies (
  hash       text primary key, -- of the token in the browser's cookie
  kind       text not null,
  data       text not null,
  expires_at bigint not null
);

-- Links by which a person sets a password once: an invitation or a reset.
create table entries (
  id         text primary key,
  hash       text not null unique,
  editor_id  text not null references editors(id),
  made_by    text references editors(id), -- null: from the command line
  created_at bigint not null,
  expires_at bigint not null,
  used_at    bigint
);
create index entries_editor on entries (editor_id, created_at);

-- Every sign-in and every failed one of a person who exists.
create table signins (
  id        {{identity}},
  editor_id text not null references editors(id),
  at        bigint not null,
  means     text not null,
  outcome   text not null check (outcome in ('in','refused','warned')),
  agent     text not null default ''
);
create index signins_editor on signins (editor_id, at);
create index signins_at on signins (at);

-- What was changed about the people of the desk, and by whom.
create table staff_changes (
  id        {{identity}},
  at        bigint not null,
  editor_id text not null references editors(id),
  by_id     text references editors(id), -- null: from the command line
  change    text not null,
  detail    text not null default ''
);
create index staff_changes_editor on staff_changes (editor_id, at);
