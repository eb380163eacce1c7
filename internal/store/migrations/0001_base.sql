-- One text for SQLite and PostgreSQL. Times are UTC microseconds, ids opaque
-- text, lists and settings JSON. Words in double braces are filled in by
-- dialect.go, where the two databases differ.

create table meta (
  name  text primary key,
  value text not null
);

create table sites (
  id         text primary key,
  name       text not null,
  origin     text not null unique,
  lang       text not null default 'de',
  settings   text not null default '{}',
  created_at bigint not null
);

-- The head of each site's chain of decisions: a row of its own, since every
-- decision locks it and nothing else should wait for that.
create table chains (
  site_id text primary key references sites(id),
  seq     bigint not null,
  head    text not null
);

create table policies (
  site_id    text not null references sites(id),
  version    integer not null,
  lang       text not null,
  text       text not null,
  signed     text not null,
  created_at bigint not null,
  primary key (site_id, lang, version)
);

create table editors (
  id          text primary key,
  site_id     text references sites(id), -- null: all sites
  email       text not null unique,
  name        text not null,
  role        text not null check (role in ('editor','chief','admin','auditor')),
  password    text not null,
  settings    text not null default '{}',
  created_at  bigint not null,
  disabled_at bigint
);

create table sessions (
  hash       text primary key,
  editor_id  text not null references editors(id),
  agent      text not null default '',
  created_at bigint not null,
  seen_at    bigint not null,
  expires_at bigint not null
);
create index sessions_editor on sessions (editor_id);

create table keys (
  id         text primary key,
  hash       text not null unique,
  scope      text not null check (scope in ('desk','read','score')),
  site_id    text references sites(id), -- null: all sites
  editor_id  text references editors(id),
  settings   text not null default '{}',
  created_at bigint not null,
  revoked_at bigint
);

create table images (
  id         text primary key,
  site_id    text not null references sites(id),
  type       text not null,
  bytes      {{bytes}} not null,
  created_at bigint not null
);

create table articles (
  id          text primary key,
  site_id     text not null references sites(id),
  url         text,
  headline    text not null,
  lede        text not null,
  section     text not null default '',
  publisher   text not null default '',
  date        text not null default '',
  image_id    text references images(id),
  doc         text not null, -- the whole article as package article writes it
  settings    text not null default '{}',
  opens_at    bigint,
  closes_at   bigint,
  closed      integer not null default 0, -- by an editor
  close_count integer not null default 0, -- closes at that many released comments; 0: never
  created_at  bigint not null,
  unique (site_id, url)
);
create index articles_site on articles (site_id, created_at);

create table authors (
  id          text primary key,
  site_id     text not null references sites(id),
  kind        text not null check (kind in ('guest','email','account','editor')),
  subject     text, -- of the publisher's own account, or the editor's id
  name        text not null,
  email       text,
  verified_at bigint,
  created_at  bigint not null,
  unique (site_id, kind, subject)
);

create table comments (
  id            text primary key,
  site_id       text not null references sites(id),
  article_id    text not null references articles(id),
  parent_id     text references comments(id), -- as submitted
  author_id     text not null references authors(id),
  author_name   text not null,
  author_email  text,
  answer_of     text references editors(id), -- an editor's answer
  proven        integer not null default 0,  -- the author is known for certain, not by a typed name
  revision      integer not null,            -- the newest that is not superseded
  live_revision integer,                     -- the one that readers see
  picked        integer not null default 0,
  notify        text not null default '',    -- what the author asked to be told by mail
  receipt_hash  text not null unique,
  sender_hash   text, -- rotating; erased by retention
  policy        integer not null default 0,
  lang          text not null default 'de',
  created_at    bigint not null,
  erased_at     bigint
);
create index comments_article on comments (article_id, created_at);
create index comments_author on comments (author_id, created_at);
create index comments_parent on comments (parent_id);

-- A submission repeated within ten minutes is the same comment: the row is the
-- lock on which two at once meet.
create table repeats (
  key        text primary key,
  comment_id text not null,
  at         bigint not null
);
create index repeats_at on repeats (at);

create table revisions (
  comment_id        text not null references comments(id),
  number            integer not null,
  site_id           text not null,
  article_id        text not null,
  state             text not null check (state in ('pending','escalated','approved','rejected','returned','declined','appealed','removed','withdrawn','superseded')),
  version           integer not null default 1, -- counts the changes of state
  text              text not null,
  folded            text not null, -- the text in lower case, for the search of the desk
  salt              text not null,
  digest            text not null,
  assessment        text not null default '',
  assessment_digest text not null default '',
  refuse            double precision, -- "would be refused"; null: not checked
  top_rule          text not null default '', -- the rule that scored highest, if it scored at all
  blind             integer not null default 0, -- drawn at submission for blind control
  hint              integer not null default 0, -- a hint was shown and the text then changed
  decision_id       text, -- the last one in force
  submitted_at      bigint not null,
  state_at          bigint not null,
  primary key (comment_id, number)
);
create index revisions_queue on revisions (site_id, state, submitted_at, comment_id);
create index revisions_all on revisions (state, submitted_at, comment_id);
create index revisions_calm on revisions (site_id, state, refuse, submitted_at, comment_id);
create index revisions_article on revisions (article_id, state, submitted_at, comment_id);

create table decisions (
  id                text primary key,
  site_id           text not null references sites(id),
  seq               bigint not null,
  comment_id        text not null references comments(id),
  revision          integer not null,
  step              text not null,
  from_state        text not null,
  to_state          text not null,
  actor_id          text not null,
  actor_role        text not null,
  at                bigint not null,
  hold_until        bigint not null,
  rule              text not null default '',
  reason            text not null default '',
  reason_salt       text not null default '',
  passages          text not null default '',
  undoes            text not null default '',
  bundle            text not null default '',
  policy            integer not null default 0,
  score_seen        integer not null default 0,
  blind             integer not null default 0,
  text_digest       text not null,
  reason_digest     text not null,
  assessment_digest text not null,
  prev              text not null,
  hash              text not null,
  releases          integer not null default 0, -- 1 for the steps that let a revision become public
  unique (site_id, seq),
  unique (id, comment_id, revision, releases)
);
create index decisions_comment on decisions (comment_id, seq);
create index decisions_actor on decisions (actor_id, at);

-- What readers may see, in a room of its own. A row cannot exist without the
-- decision that released just this revision of just this comment.
create table publications (
  article_id   text not null,
  path         text not null, -- place in the thread: a segment per level, each time of first publication and id
  root         text not null, -- the first segment
  comment_id   text not null unique,
  site_id      text not null,
  parent_id    text,          -- the comment answered, if it has a row here
  flat         integer not null default 0, -- the thread is flattened here: name the one answered
  depth        integer not null default 0,
  revision     integer not null,
  author_name  text not null,
  staff        integer not null default 0, -- an editor's answer
  text         text not null,
  lang         text not null default 'de',
  first_at     bigint not null,
  published_at bigint not null,
  edited       integer not null default 0,
  picked       integer not null default 0,
  gone         text not null default '' check (gone in ('','removed','withdrawn')),
  gone_rule    text not null default '',
  decision_id  text not null,
  releases     integer not null default 1 check (releases = 1),
  primary key (article_id, path),
  foreign key (decision_id, comment_id, revision, releases) references decisions (id, comment_id, revision, releases)
){{clustered}};
create index publications_newest on publications (article_id, root desc, path);
create index publications_site on publications (site_id, published_at);
create index publications_parent on publications (parent_id);

-- Released comments per article, kept with the publications.
create table counts (
  article_id text primary key,
  comments   integer not null default 0
);

create table outbox (
  id         {{identity}},
  xid        {{xid}},
  topic      text not null, -- thread, queue, article, site, stop
  site_id    text not null,
  article_id text not null default '',
  comment_id text not null default '',
  at         bigint not null
);
create index outbox_at on outbox (at);

create table jobs (
  id          {{identity}},
  kind        text not null,
  key         text not null,
  payload     text not null default '{}',
  run_at      bigint not null,
  attempts    integer not null default 0,
  lease_until bigint not null default 0,
  token       integer not null default 0, -- fencing: grows with each claim
  failed      text not null default '',
  unique (kind, key)
);
create index jobs_due on jobs (run_at);

create table leases (
  name   text primary key,
  holder text not null,
  token  bigint not null,
  until  bigint not null
);

create table claims (
  comment_id text primary key references comments(id),
  editor_id  text not null references editors(id),
  until      bigint not null
);
create index claims_editor on claims (editor_id, until);

create table notes (
  id         text primary key,
  comment_id text not null references comments(id),
  editor_id  text not null references editors(id),
  text       text not null,
  created_at bigint not null
);
create index notes_comment on notes (comment_id, created_at);

-- A reader's two-click report of a released comment. A notice of illegal content
-- (Regulation (EU) 2022/2065, Article 16) is a row with a receipt and an answer.
create table notices (
  id           text primary key,
  site_id      text not null,
  article_id   text not null,
  comment_id   text not null references comments(id),
  kind         text not null check (kind in ('flag','notice')),
  rule         text not null default '',
  reason       text not null default '',
  name         text not null default '',
  email        text not null default '',
  good_faith   integer not null default 0,
  sender_hash  text,
  receipt_hash text unique,
  created_at   bigint not null,
  decided_at   bigint,
  decided_by   text,
  outcome      text not null default '',
  answer       text not null default ''
);
create index notices_open on notices (site_id, decided_at, created_at);
create index notices_comment on notices (comment_id);

create table salts (
  day   bigint primary key, -- number of the rotation period
  salt  text not null
);
