package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// editorFlags are what the commands about people take.
type editorFlags struct {
	email, name, role string
	sites, sections   names
	stdin             bool
}

// names is a flag that may be given several times.
type names []string

func (n *names) String() string     { return strings.Join(*n, ", ") }
func (n *names) Set(v string) error { *n = append(*n, v); return nil }

func runEditor(args []string, io stdio) error {
	do, args, err := verb(args, "add", "list", "link", "disable", "enable")
	if err != nil {
		return err
	}
	fs, f := flagSet("editor"), &editorFlags{}
	fs.StringVar(&f.email, "email", "", "e-mail address")
	fs.StringVar(&f.name, "name", "", "name as others see it")
	fs.StringVar(&f.role, "role", "editor", "editor, chief, admin or auditor")
	fs.Var(&f.sites, "site", "a site, may be given several times; all sites without")
	fs.Var(&f.sections, "section", "for editors: a section of these sites, may be given several times; all sections without")
	fs.BoolVar(&f.stdin, "password-stdin", false, "read the password from standard input")
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		reach, err := f.reach(ctx, s)
		if err != nil {
			return err
		}
		switch do {
		case "list":
			return listEditors(ctx, s, reach, io)
		case "add":
			return addEditor(ctx, s, f, reach, io)
		}
		return changeEditor(ctx, s, do, f.email, io)
	})
}

// reach is where the person works, by the sites and sections named.
func (f *editorFlags) reach(ctx context.Context, s *store.Store) (store.Reach, error) {
	if len(f.sites) == 0 {
		if len(f.sections) > 0 {
			return nil, usage("say of which site the sections are: -site NAME")
		}
		return store.Everywhere, nil
	}
	reach := store.Reach{}
	for _, name := range f.sites {
		site, err := s.Site(ctx, name)
		if err != nil {
			return nil, err
		}
		reach = append(reach, store.Place{Site: site.ID, Sections: f.sections})
	}
	return reach.Tidy(), nil
}

func addEditor(ctx context.Context, s *store.Store, f *editorFlags, reach store.Reach, io stdio) error {
	if f.email == "" || f.name == "" || !f.stdin {
		return usage("give -email, -name and -password-stdin, and the password on standard input")
	}
	hash, err := readPassword(io)
	if err != nil {
		return err
	}
	_, err = s.AddEditor(ctx, store.Editor{Reach: reach, Email: f.email, Name: f.name, Role: moderation.Role(f.role), Password: hash})
	return err
}

// changeEditor locks a person out or lets them in again, or prints the path of a
// link by which they set a new password.
func changeEditor(ctx context.Context, s *store.Store, do, email string, io stdio) error {
	if email == "" {
		return usage("say who: -email ADDRESS")
	}
	e, err := s.Editor(ctx, email)
	if err != nil {
		return err
	}
	if do == "link" {
		token, err := s.ResetEntry(ctx, store.Editor{}, e.ID, store.Delivery{})
		if err == nil {
			fmt.Fprintf(io.out, "/desk/entry/%s\n", token)
		}
		return err
	}
	to := e.Staffing()
	to.Disabled = do == "disable"
	return s.ChangeEditor(ctx, store.Editor{}, e.ID, to)
}

// listEditors prints everyone who works at one of the sites; all people where no
// site is named.
func listEditors(ctx context.Context, s *store.Store, reach store.Reach, io stdio) error {
	people, err := s.Editors(ctx, "")
	for _, e := range people {
		if reach == nil || e.Reach == nil || e.Reach.Meets(reach) {
			fmt.Fprintf(io.out, "%s\t%s\t%s\n", e.Email, e.Role, e.Name)
		}
	}
	return err
}
