package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/freigabe/freigabe/internal/importer"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

func runBackup(args []string, io stdio) error {
	fs := flagSet("backup")
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		if fs.NArg() != 1 {
			return usage("name the file to write, or - for standard output")
		}
		if fs.Arg(0) == "-" {
			_, err := s.Backup(ctx, io.out)
			return err
		}
		done, err := backupTo(ctx, s, fs.Arg(0))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "%d rows backed up, %d decisions, %d comments\n", done.Rows(), done["decisions"], done["comments"])
		return err
	})
}

// backupTo writes beside the file and then puts it in its place: a backup that
// broke off never stands where a whole one is expected.
func backupTo(ctx context.Context, s *store.Store, file string) (store.Dumped, error) {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".unfinished-*")
	if err != nil {
		return nil, fmt.Errorf("make the backup's file: %w", err)
	}
	defer os.Remove(f.Name())
	done, err := s.Backup(ctx, f)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("write the backup: %w", err)
	}
	return done, os.Rename(f.Name(), file)
}

func runRestore(args []string, io stdio) error {
	fs := flagSet("restore")
	db := fs.String("db", "", "database: sqlite:PATH or postgres://…")
	if err := parse(fs, args); err != nil {
		return err
	}
	switch {
	case *db == "":
		return usage(noDatabase)
	case fs.NArg() != 1:
		return usage("name the backup's file, or - for standard input")
	}
	from := io.in
	if fs.Arg(0) != "-" {
		f, err := os.Open(fs.Arg(0))
		if err != nil {
			return fmt.Errorf("open the backup: %w", err)
		}
		defer f.Close()
		from = f
	}
	done, err := store.Restore(context.Background(), store.Options{DSN: *db}, bufio.NewReader(from))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "restored and checked: %d decisions verified, %d publications, %d revisions\n", done.Decisions, done.Publications, done.Revisions)
	return err
}

func runExport(args []string, stdio stdio) error {
	fs := flagSet("export")
	site, author := fs.String("site", "", "the one site; all sites without"), fs.String("author", "", "all that is kept of one author: the address or the token of a receipt, or an e-mail address")
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		if fs.NArg() > 1 {
			return usage("name one file, or none for standard output")
		}
		siteID, err := siteByName(ctx, s, *site)
		if err != nil {
			return err
		}
		return toFile(fs.Arg(0), stdio, func(to io.Writer) error {
			e := json.NewEncoder(to)
			e.SetEscapeHTML(false)
			put := func(x store.Exported) error { return e.Encode(x) }
			if *author == "" {
				return s.Export(ctx, siteID, put)
			}
			token := (*author)[strings.LastIndexByte(*author, '/')+1:]
			return s.ExportAuthor(ctx, token, put)
		})
	})
}

// toFile writes to a new file, or to standard output where none is named.
func toFile(name string, stdio stdio, write func(io.Writer) error) error {
	if name == "" || name == "-" {
		b := bufio.NewWriter(stdio.out)
		return errors.Join(write(b), b.Flush())
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make the file: %w", err)
	}
	b := bufio.NewWriter(f)
	return errors.Join(write(b), b.Flush(), f.Close())
}

func runImport(args []string, stdio stdio) error {
	fs := flagSet("import")
	site, editor := fs.String("site", "", "the site that the comments go to"), fs.String("editor", "", "e-mail of the editor who releases what was public there, and answers for it")
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		if fs.NArg() != 2 || *site == "" || *editor == "" {
			return usage("give -site, -editor, a format (%s) and a file", strings.Join(importer.Formats(), ", "))
		}
		if known := strings.Join(importer.Formats(), " "); !strings.Contains(" "+known+" ", " "+fs.Arg(0)+" ") {
			return usage("there is no format %q; choose one of %s", fs.Arg(0), known)
		}
		to := importer.Target{Store: s}
		var err error
		if to.Site, err = s.Site(ctx, *site); err != nil {
			return err
		}
		if to.Editor, err = s.Editor(ctx, *editor); err != nil {
			return err
		}
		if !to.Editor.Role.Decides() {
			return fmt.Errorf("%s does not decide; name an editor or a chief with -editor", *editor)
		}
		return importFile(ctx, to, fs.Arg(0), fs.Arg(1), stdio)
	})
}

func importFile(ctx context.Context, to importer.Target, format, file string, stdio stdio) error {
	from := stdio.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("open the file: %w", err)
		}
		defer f.Close()
		from = f
	}
	comments, err := importer.Read(format, from)
	if err != nil {
		return err
	}
	done, err := importer.Import(ctx, to, comments)
	fmt.Fprintf(stdio.out, "%d comments added, %d of them released by %s, %d were here already; %d articles made\n", done.Added, done.Released, to.Editor.Name, done.Known, done.Articles)
	if moderation.KindOf(err) == moderation.Forbidden {
		return fmt.Errorf("%s may not release comments of this site: %w", to.Editor.Name, err)
	}
	return err
}
