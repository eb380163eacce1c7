package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/freigabe/freigabe/internal/assess/external"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

func runSite(args []string, io stdio) error {
	do, args, err := verb(args, "add", "list", "show", "set", "policy")
	if err != nil {
		return err
	}
	fs := flagSet("site")
	name, origin, lang := fs.String("name", "", "name"), fs.String("url", "", "origin, such as https://www.blatt.example"), fs.String("lang", "de", "de or en")
	site, signed := fs.String("site", "", "for show, set and policy: the site"), fs.String("signed", "", "for policy: who signs it, such as 'Ihre Redaktion'")
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		if *lang != "de" && *lang != "en" {
			return usage("-lang is de or en")
		}
		switch do {
		case "list":
			return listSites(ctx, s, io)
		case "add":
			return addSite(ctx, s, store.Site{Name: *name, Origin: *origin, Lang: *lang}, io)
		}
		if *site == "" {
			return usage("say which site: -site NAME")
		}
		x, err := s.Site(ctx, *site)
		if err != nil {
			return err
		}
		switch do {
		case "show":
			return showSettings(x, io)
		case "set":
			return setSettings(ctx, s, x, fs.Arg(0), io)
		}
		return addPolicy(ctx, s, x, store.Policy{Lang: *lang, Signed: *signed}, fs.Arg(0), io)
	})
}

func addSite(ctx context.Context, s *store.Store, site store.Site, io stdio) error {
	if site.Name == "" || site.Origin == "" {
		return usage("give -name and -url")
	}
	added, err := s.AddSite(ctx, site)
	if err != nil {
		return err
	}
	return warnIfAlone(ctx, s, added, io)
}

func warnIfAlone(ctx context.Context, s *store.Store, site store.Site, io stdio) error {
	people, err := s.Staff(ctx, site.ID)
	if err == nil && len(people.Deciders) < 2 {
		fmt.Fprintf(io.err, "freigabe: site %s has %d deciding people: nobody can give a second opinion or decide appeals until there are two; add them with “freigabe editor add”\n", site.Name, len(people.Deciders))
	}
	return err
}

func listSites(ctx context.Context, s *store.Store, io stdio) error {
	sites, err := s.Sites(ctx)
	for _, x := range sites {
		fmt.Fprintf(io.out, "%s\t%s\t%s\n", x.Name, x.Origin, x.ID)
	}
	return err
}

// showSettings prints what an admin has set; what is missing has its default.
// Secrets are not shown again.
func showSettings(x store.Site, io stdio) error {
	e := json.NewEncoder(io.out)
	e.SetIndent("", "  ")
	return e.Encode(x.Settings)
}

// setSettings changes the settings that a JSON file names and leaves the others
// as they are. A misspelt name is an error, and then nothing is changed.
func setSettings(ctx context.Context, s *store.Store, x store.Site, file string, io stdio) error {
	if file == "" {
		return usage("name a JSON file, or - for standard input; “freigabe site show” prints the settings there are")
	}
	b, err := readFile(file, io)
	if err != nil {
		return err
	}
	secrets, err := s.Secrets(ctx, x.ID)
	if err != nil {
		return err
	}
	err = s.ChangeSettings(ctx, x.ID, func(set *store.Settings) error { return readSettings(b, set, &secrets) })
	if err != nil {
		return err
	}
	return s.SaveSecrets(ctx, x.ID, secrets)
}

// readSettings reads a file of settings over those that are in force.
func readSettings(b []byte, set *store.Settings, secrets *store.Secrets) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&struct {
		*store.Settings
		*store.Secrets
	}{set, secrets}); err != nil {
		return fmt.Errorf("settings: %w; nothing was changed", err)
	}
	if x := secrets.Scorer; x != nil {
		if _, err := external.New(external.Config{URL: x.URL}); err != nil || x.Seconds < 0 || x.Seconds > 10 {
			return errors.New("settings: the scorer needs a url that begins with http:// or https:// and holds no password, and at most 10 seconds; nothing was changed")
		}
	}
	return nil
}

// addPolicy adds a new version of the site's rules for readers; every comment
// keeps the version that was in force when it was submitted.
func addPolicy(ctx context.Context, s *store.Store, x store.Site, p store.Policy, file string, io stdio) error {
	if file == "" || p.Signed == "" {
		return usage("give -signed and a file with the text, or - for standard input")
	}
	b, err := readFile(file, io)
	if err != nil {
		return err
	}
	if p.Text, err = moderation.CleanText("text", strings.TrimSpace(string(b)), 20000); err != nil {
		return err
	}
	p, err = s.AddPolicy(ctx, x.ID, p)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "version %d\n", p.Version)
	return err
}
