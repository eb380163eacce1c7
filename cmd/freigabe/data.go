package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/config"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/desk"
)

// flagsOf gives a command's flags, for its help.
var flagsOf = map[string]func() *flag.FlagSet{
	"serve": func() *flag.FlagSet { fs, _ := serveFlags(); return fs },
	"demo":  func() *flag.FlagSet { fs, _ := demoFlags(); return fs },
}

func flagSet(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// parse reads a command's flags; what is wrong with them is a usage error.
// Flags may stand before and after other arguments.
func parse(fs *flag.FlagSet, args []string) error {
	var words []string
	for {
		err := config.Parse(fs, args)
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		if err != nil {
			return usage("%s", err)
		}
		if fs.NArg() == 0 {
			return fs.Parse(append([]string{"--"}, words...))
		}
		words, args = append(words, fs.Arg(0)), fs.Args()[1:]
	}
}

const noDatabase = "say which database: -db sqlite:PATH or -db postgres://…, or set FREIGABE_DB"

// onStore parses flags, opens the database and runs a command on it. A SQLite
// file that does not exist is made, except by the commands that only read.
func onStore(fs *flag.FlagSet, args []string, do func(context.Context, *store.Store) error) error {
	db := fs.String("db", "", "database: sqlite:PATH or postgres://…")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *db == "" {
		return usage(noDatabase)
	}
	if onlyReads[fs.Name()] {
		if err := there(*db); err != nil {
			return err
		}
	}
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{DSN: *db})
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, s), s.Close())
}

// onlyReads names the commands to which a mistyped path must not look like an
// empty installation.
var onlyReads = map[string]bool{"check": true, "backup": true, "erase": true, "export": true, "report": true}

// there tells whether a database exists, as far as that shows from outside.
func there(dsn string) error {
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database %s; check the path, or make one with “freigabe migrate”", path)
	}
	return nil
}

// verb takes the first argument of a command such as "site add".
func verb(args []string, allowed ...string) (string, []string, error) {
	if len(args) > 0 {
		if h := strings.TrimLeft(args[0], "-"); h == "h" || h == "help" {
			return "", nil, flag.ErrHelp
		}
		for _, v := range allowed {
			if args[0] == v {
				return v, args[1:], nil
			}
		}
	}
	return "", nil, usage("say one of: %s", strings.Join(allowed, ", "))
}

// goodPassword is the length below which a password gets a warning (NIST SP
// 800-63B, section 5.1.1.2).
const goodPassword = 8

func readPassword(io stdio) (string, error) {
	line, err := bufio.NewReader(io.in).ReadString('\n')
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return "", usage("give the password on standard input")
	}
	if len(password) < goodPassword {
		fmt.Fprintf(io.err, "freigabe: this password has fewer than %d characters; a longer one is safer\n", goodPassword)
	}
	if err != nil && !errors.Is(err, eof) {
		return "", fmt.Errorf("read the password from standard input: %w", err)
	}
	return desk.HashPassword(password)
}

var eof = io.EOF

func siteByName(ctx context.Context, s *store.Store, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	site, err := s.Site(ctx, name)
	return site.ID, err
}

func runKey(args []string, io stdio) error {
	do, args, err := verb(args, "add", "list", "revoke")
	if err != nil {
		return err
	}
	fs := flagSet("key")
	scope, site, editor := fs.String("scope", "", "desk, read or score"), fs.String("site", "", "the one site; all sites without"), fs.String("editor", "", "for the desk: e-mail of the editor in whose name it acts")
	policy := policyFlags(fs)
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		switch do {
		case "list":
			return listKeys(ctx, s, io)
		case "revoke":
			if fs.NArg() != 1 {
				return usage("name the key's id, as “freigabe key list” prints it")
			}
			return s.RevokeKey(ctx, fs.Arg(0))
		}
		k := store.Key{Scope: *scope}
		if k.Site, err = siteByName(ctx, s, *site); err != nil {
			return err
		}
		if *editor != "" {
			e, err := s.Editor(ctx, *editor)
			if err != nil {
				return err
			}
			k.Editor = e.ID
		}
		if k.Settings, err = settingsOf(k.Scope, policy); err != nil {
			return err
		}
		_, secret, err := s.AddKey(ctx, k)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(io.out, secret)
		return err
	})
}

func listKeys(ctx context.Context, s *store.Store, io stdio) error {
	keys, err := s.Keys(ctx)
	for _, k := range keys {
		state := "valid"
		if k.Revoked {
			state = "revoked"
		}
		fmt.Fprintf(io.out, "%s\t%s\t%s\t%s\t%s\n", k.ID, k.Scope, state, k.Created.Format(time.DateOnly), k.Site)
	}
	return err
}

func runArticle(args []string, io stdio) error {
	_, args, err := verb(args, "add")
	if err != nil {
		return err
	}
	fs := flagSet("article")
	site, address, asJSON := fs.String("site", "", "the site"), fs.String("url", "", "the article's address"), fs.Bool("json", false, "print all fields found")
	picture := fs.String("picture", "", "file of the picture; otherwise it is fetched from an allowed origin, if the article names one")
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		if *site == "" || fs.NArg() > 1 || fs.NArg() == 0 && *address == "" {
			return usage("give -site and one file (or - for standard input)")
		}
		home, err := s.Site(ctx, *site)
		if err != nil {
			return err
		}
		doc, err := takeIn(ctx, home, fs.Arg(0), *address, io)
		if err != nil {
			return err
		}
		image, err := pictureFor(ctx, home, doc, *picture, io)
		if err != nil {
			return err
		}
		added, err := s.AddArticle(ctx, store.Article{Site: home.ID, Doc: doc}, image)
		if err != nil {
			return err
		}
		if !*asJSON {
			_, err = fmt.Fprintln(io.out, added.ID)
			return err
		}
		return json.NewEncoder(io.out).Encode(struct {
			ID string `json:"id"`
			article.Article
		}{added.ID, doc})
	})
}

func takeIn(ctx context.Context, home store.Site, file, address string, io stdio) (article.Article, error) {
	if file == "" {
		return article.Fetch(ctx, http.DefaultClient, address, home.AllowedOrigins())
	}
	src, err := readFile(file, io)
	if err != nil {
		return article.Article{}, err
	}
	doc, err := article.Parse(file, src)
	if address != "" {
		doc.URL = address
	}
	return doc, err
}

func readFile(file string, in stdio) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(in.in)
	}
	return os.ReadFile(file)
}

// pictureFor brings the article's picture into the house, so that readers ask
// nobody else for it. Without one, caption and credit stand alone.
func pictureFor(ctx context.Context, home store.Site, doc article.Article, file string, io stdio) (*store.Image, error) {
	if file != "" {
		b, err := os.ReadFile(file)
		return &store.Image{Type: http.DetectContentType(b), Bytes: b}, err
	}
	if doc.Image == nil || doc.Image.Src == "" {
		return nil, nil
	}
	src, err := url.Parse(doc.Image.Src)
	if err != nil || !src.IsAbs() {
		return nil, nil
	}
	b, kind, err := article.FetchImage(ctx, http.DefaultClient, doc.Image.Src, home.AllowedOrigins())
	if err != nil {
		fmt.Fprintf(io.err, "freigabe: the picture was not fetched (%s); give it with -picture %s\n", oneLine(err.Error()), filepath.Base(src.Path))
		return nil, nil
	}
	return &store.Image{Type: kind, Bytes: b}, nil
}

func runMigrate(args []string, io stdio) error {
	return onStore(flagSet("migrate"), args, func(context.Context, *store.Store) error {
		_, err := fmt.Fprintln(io.out, "the schema is up to date")
		return err
	})
}

func runCheck(args []string, io stdio) error {
	fs := flagSet("check")
	head := fs.String("head", "", "a head noted earlier: fail if it is no longer part of a chain")
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		done, err := s.Check(ctx, *head)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.out, "%d decisions verified, %d publications, %d revisions\n", done.Decisions, done.Publications, done.Revisions)
		for _, h := range done.Heads {
			fmt.Fprintf(io.out, "head of %s: %s (entry %d)\n", h.Site, or(h.Hash, "none"), h.Seq)
		}
		for _, name := range done.Alone {
			fmt.Fprintf(io.err, "freigabe: site %s has fewer than two deciding people: appeals wait, and nobody can give a second opinion\n", name)
		}
		return nil
	})
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}
