-- Names that look alike are one for the eye: guests may not bear what a known
-- author of the site bears. '' where the name was not looked at yet.
alter table authors add column likeness text not null default '';
alter table authors add column named_at bigint; -- when an account's name last changed
create index authors_likeness on authors (site_id, likeness) where likeness <> '';

-- The author said to have reached the site's least age: a yes, and nothing else.
alter table comments add column of_age integer not null default 0;
