package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/freigabe/freigabe/internal/store"
)

const rounds = 5

// hotPage compares the thread page with a handler that writes the same bytes
// from memory, in turns, so that both see the same machine.
func (b *bench) hotPage(ctx context.Context) error {
	h, err := b.house(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	real, err := h.serve(ctx)
	if err != nil {
		return err
	}
	defer real.close()
	for _, n := range []int{50, 100, 1000} {
		a, err := h.article(ctx, "hot-"+strconv.Itoa(n))
		if err == nil {
			err = h.released(ctx, a, n)
		}
		if err != nil {
			return err
		}
		what := "hot thread page"
		if n > 50 {
			what = fmt.Sprintf("hot page of a thread of %d", n)
		}
		for _, encoding := range []string{"identity", "gzip"} {
			if err := b.comparePage(ctx, real, "/embed/articles/"+a.ID, what+", "+encoding, encoding); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) comparePage(ctx context.Context, real *server, path, what, encoding string) error {
	body, err := fetch("http://"+real.addr+path, encoding)
	if err != nil {
		return err
	}
	length := []string{strconv.Itoa(len(body))}
	bare, err := listen(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Length"] = length
		w.Header()["Content-Type"] = []string{"text/html; charset=utf-8"}
		_, _ = w.Write(body) // a client that has gone
	}))
	if err != nil {
		return err
	}
	defer bare.close()
	var rates, tails []float64
	var ours, theirs float64
	var all spread
	for range rounds {
		x, tookX, err := hammer(ctx, real.addr, path, 16, b.span/3, "Accept-Encoding: "+encoding)
		if err != nil {
			return err
		}
		y, tookY, err := hammer(ctx, bare.addr, "/", 16, b.span/3)
		if err != nil {
			return err
		}
		rates, tails = append(rates, x/y), append(tails, float64(tookX.at(.99))/float64(tookY.at(.99)))
		ours, theirs, all = max(ours, x), max(theirs, y), append(all, tookX...)
	}
	slices.Sort(rates)
	slices.Sort(tails)
	b.ratio(what+", against a bare handler", rates[rounds/2], 0.7, false, "%.0f requests/s against %.0f/s, %d bytes, rounds %.2f to %.2f", ours, theirs, len(body), rates[0], rates[rounds-1])
	b.ratio("its p99, "+encoding+", against the bare handler's", tails[rounds/2], 2, true, "%.2f ms, rounds %.2f to %.2f", ms(all.at(.99)), tails[0], tails[rounds-1])
	return nil
}

func fetch(url, encoding string) ([]byte, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", encoding)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, res.Status)
	}
	return body, err
}

// longThread compares the reading of the first page of a long thread with that
// of a short one.
func (b *bench) longThread(ctx context.Context) error {
	h, err := b.house(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	articles := map[int]store.Article{}
	for _, n := range []int{100, b.thread} {
		if articles[n], err = h.article(ctx, "thread-"+strconv.Itoa(n)); err != nil {
			return err
		}
		if err := h.released(ctx, articles[n], n); err != nil {
			return err
		}
	}
	if err := h.bulk(ctx, "analyze"); err != nil {
		return err
	}
	for _, sort := range []store.Sort{store.Oldest, store.Newest} {
		took := map[int]spread{}
		for range 300 {
			for n, a := range articles {
				begun := time.Now()
				page, _, err := h.Thread(ctx, a.ID, sort, 50, "")
				if err != nil || len(page) != 50 {
					return fmt.Errorf("read a page: %d comments, %w", len(page), err)
				}
				took[n] = append(took[n], time.Since(begun))
			}
		}
		long, short := took[b.thread].at(.5), took[100].at(.5)
		b.ratio(fmt.Sprintf("first page of a thread of %d, %s, against one of 100", b.thread, sort), float64(long)/float64(short), 1.2, true, "median %.2f against %.2f ms", ms(long), ms(short))
	}
	return nil
}
