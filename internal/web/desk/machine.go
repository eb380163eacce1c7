package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/assess/external"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// machinePage is what machine.html shows of a site's model: how it came about,
// what it was measured to do, whether it still fits, and who else is asked.
type machinePage struct {
	Frame
	Site    store.Site
	Sites   []store.Site
	Now     *store.SiteModel // in use; nil: the base alone
	Base    string           // its version
	Report  assess.Report
	Models  []store.SiteModel
	Log     []machineEntry
	Heads   []headView
	Blind   []blindRow
	Percent string // drawn for blind control
	Since   store.Drift
	Drift   assess.Drift
	Scorer  *store.Scorer // without its secret
	Secret  bool          // one is set
	State   store.ScorerState
	Cause   string // why the scorer is not asked or does not answer, in words
	Admin   bool
	Saved   bool
	Tried   *outside // what the scorer answered to a trial
}

// machineEntry is an entry of the machine's log, in words.
type machineEntry struct {
	store.MachineEvent
	What string
}

// headView is a rule's calibration and bands.
type headView struct {
	ID, Name string
	assess.HeadReport
	Points []chartPoint
}

// chartPoint is a point of the calibration chart, in the chart's units (400 by 300,
// the origin above), and in words.
type chartPoint struct {
	X, Y, Low, High int
	Score, Share    string
	Range           string
	Rows            int
}

// blindRow is what blind decisions say of a rule.
type blindRow struct {
	Name                        string
	Rows, Positive              int
	Accuracy, Precision, Recall string
}

// Usable tells whether a saved model can be used.
func (machinePage) Usable(m store.SiteModel) bool { return m.Refused == "" }

// Percent100 writes a share of 0 to 1 as percent.
func (machinePage) Percent100(share float64) string { return hundredths(share) + " %" }

// Portion writes a share with its interval, or that there are too few cases.
func (p machinePage) Portion(x assess.Portion) string {
	if x.Whole < fewest {
		return p.T("machine.few", "n", p.N(x.Whole))
	}
	return p.T("machine.portion", "percent", hundredths(x.Share), "from", hundredths(x.Low), "to", hundredths(x.High))
}

// AUC writes how well a saved model ordered decisions it had not seen.
func (machinePage) AUC(m store.SiteModel) string {
	var r assess.Report
	if m.Quality == nil || json.Unmarshal([]byte(m.Report), &r) != nil || r.After.Refused == 0 || r.After.Refused == r.After.Rows {
		return "–"
	}
	return strconv.FormatFloat(*m.Quality, 'f', 2, 64)
}

// BandShare says what was measured in a band.
func (p machinePage) BandShare(b assess.Band) string {
	return p.Portion(assess.NewPortion(b.Right, b.Rows))
}

// Moved lists what an alarm is about, in words.
func (p machinePage) Moved() string {
	var out []string
	for _, a := range p.Since.Alarms {
		out = append(out, p.T("machine.drift."+a))
	}
	return strings.Join(out, ", ")
}

// Round writes a figure with one decimal.
func (machinePage) Round(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

func (d *Desk) machinePage(w http.ResponseWriter, r *http.Request) error {
	p, err := d.machine(r)
	if err != nil {
		return err
	}
	p.Saved = r.URL.Query().Has("saved")
	return d.srv.Page(w, r, http.StatusOK, "desk/machine.html", p)
}

// machine gathers what is known of a site's model.
func (d *Desk) machine(r *http.Request) (machinePage, error) {
	if err := seesStats(r); err != nil {
		return machinePage{}, err
	}
	f, err := d.frame(r, "machine", "machine.title")
	if err != nil {
		return machinePage{}, err
	}
	p := machinePage{Frame: f, Base: d.frozen.Model().Version(), Admin: f.Me.Role == moderation.Admin}
	if p.Site, p.Sites, err = d.chosenSite(r); err != nil {
		return p, err
	}
	if p.Seen, err = editing(blindPart).seen(p.Site.Settings); err != nil {
		return p, err
	}
	p.Percent = strconv.FormatFloat(100*p.Site.BlindShare(), 'f', -1, 64)
	for _, gather := range []func(context.Context, *machinePage) error{d.machineModels, d.machineBlind, d.machineDrift, d.machineScorer} {
		if err := gather(r.Context(), &p); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (d *Desk) machineModels(ctx context.Context, p *machinePage) error {
	saved, err := d.store.ModelList(ctx, p.Site.ID)
	if err != nil {
		return err
	}
	for i, m := range saved {
		if p.Now == nil && m.Refused == "" {
			p.Now = &saved[i]
		}
		if m.Retrained || m.Refused != "" {
			p.Models = append(p.Models, m)
		}
	}
	if p.Report, err = d.report(ctx, p.Site.ID); err != nil {
		return err
	}
	for _, name := range append([]string{assess.Refuse}, rulesAsText()...) {
		h, ok := p.Report.Heads[name]
		if !ok || h.Rows == 0 {
			continue
		}
		v := headView{ID: name, Name: p.T("desk.assess.refuse"), HeadReport: h, Points: chartPoints(h.Bins)}
		if name != assess.Refuse {
			v.Name = p.Rule(moderation.Rule(name))
		}
		p.Heads = append(p.Heads, v)
	}
	events, err := d.store.MachineLog(ctx, p.Site.ID, 20)
	for _, e := range events {
		p.Log = append(p.Log, machineEntry{e, p.T("machine.log." + e.Kind)})
	}
	return err
}

func rulesAsText() []string {
	var out []string
	for _, r := range moderation.Rules {
		out = append(out, string(r))
	}
	return out
}

func chartPoints(bins []assess.Bin) []chartPoint {
	var out []chartPoint
	for _, b := range bins {
		x := assess.NewPortion(b.Refused, b.Rows)
		up := func(share float64) int { return 300 - int(300*share+0.5) }
		out = append(out, chartPoint{X: int(400*b.Score + 0.5), Y: up(x.Share), Low: up(x.Low), High: up(x.High),
			Score: hundredths(b.Score) + " %", Share: hundredths(x.Share) + " %", Range: hundredths(x.Low) + "–" + hundredths(x.High) + " %", Rows: b.Rows})
	}
	return out
}

// blindWindow is how many of the newest blind decisions are counted.
const blindWindow = 1000

// machineBlind measures each rule over the blind decisions, by the band that the
// score had at submission. A refusal for another rule says nothing of this one.
func (d *Desk) machineBlind(ctx context.Context, p *machinePage) error {
	checks, err := d.store.BlindChecks(ctx, p.Site.ID, blindWindow)
	if err != nil {
		return err
	}
	row := func(name string, judged []assess.Judged) {
		a := assess.Judge(judged)
		p.Blind = append(p.Blind, blindRow{name, a.Rows, a.Positive, p.Portion(a.Accuracy), p.Portion(a.Precision), p.Portion(a.Recall)})
	}
	var whole []assess.Judged
	for _, c := range checks {
		if band := assess.BandOf(c.Assessment.Band, c.Assessment.Refuse); band != "" {
			whole = append(whole, assess.Judged{Said: band == assess.Breach, Refused: c.Refused})
		}
	}
	row(p.T("desk.assess.refuse"), whole)
	for _, rule := range moderation.Rules {
		var judged []assess.Judged
		for _, c := range checks {
			s := c.Assessment.Rules[rule]
			if band := assess.BandOf(s.Band, s.Value); band != "" && (!c.Refused || c.Rule == rule) {
				judged = append(judged, assess.Judged{Said: band == assess.Breach, Refused: c.Refused})
			}
		}
		row(p.Rule(rule), judged)
	}
	return nil
}

func (d *Desk) machineDrift(ctx context.Context, p *machinePage) error {
	var err error
	if p.Since, err = d.store.DriftAlarm(ctx, p.Site.ID); err != nil || p.Since.Report == "" {
		return err
	}
	if err := json.Unmarshal([]byte(p.Since.Report), &p.Drift); err != nil {
		return fmt.Errorf("drift of site %s: %w", p.Site.ID, err)
	}
	return nil
}

func (d *Desk) machineScorer(ctx context.Context, p *machinePage) error {
	secrets, err := d.store.Secrets(ctx, p.Site.ID)
	if err != nil || secrets.Scorer == nil {
		return err
	}
	set := *secrets.Scorer
	p.Secret, set.Secret = set.Secret != "", ""
	p.Scorer = &set
	if p.State, err = d.store.ScorerState(ctx, p.Site.ID); p.State.Cause != "" {
		p.Cause = cause(p.Lang, p.State.Cause)
	}
	return err
}

// setMachine keeps what an admin sets: the share of blind decisions, and the
// external scorer, or asks that scorer about a sentence.
func (d *Desk) setMachine(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	site, _, err := d.chosenSite(r)
	if err != nil {
		return err
	}
	switch r.PostFormValue("do") {
	case "blind":
		err = d.setBlind(r, site)
	case "scorer":
		err = d.setScorer(r, site)
	case "try":
		return d.tryScorer(w, r, site)
	default:
		err = moderation.BadField("do", "error.form")
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/model?saved&site="+url.QueryEscape(site.ID), http.StatusSeeOther)
	return nil
}

// blindPart is the share of blind decisions.
func blindPart(s store.Settings) any { return s.BlindPercent }

func (d *Desk) setBlind(r *http.Request, site store.Site) error {
	percent, err := strconv.ParseFloat(strings.Replace(r.PostFormValue("percent"), ",", ".", 1), 64)
	if err != nil || !(percent >= 0 && percent <= 100) {
		return moderation.BadField("percent", "machine.error.percent")
	}
	return d.change(r, site, blindPart, func(set *store.Settings) error {
		set.BlindPercent = &percent
		return nil
	})
}

// longestWait bounds the time-out of a scorer, in seconds: the queue's texts are
// assessed one after the other.
const longestWait = 10

func (d *Desk) setScorer(r *http.Request, site store.Site) error {
	secrets, err := d.store.Secrets(r.Context(), site.ID)
	if err != nil {
		return err
	}
	old := secrets.Scorer
	set := store.Scorer{URL: strings.TrimSpace(r.PostFormValue("url")), Secret: r.PostFormValue("secret"), Seconds: atoi(r.PostFormValue("seconds"))}
	if set.URL == "" {
		secrets.Scorer = nil
		return d.store.SaveSecrets(r.Context(), site.ID, secrets)
	}
	if set.Seconds < 1 || set.Seconds > longestWait {
		return moderation.BadField("seconds", "machine.error.seconds")
	}
	// A secret belongs to its address: it is not sent to another one unasked.
	if old != nil && set.Secret == "" && old.URL == set.URL && r.PostFormValue("forget") == "" {
		set.Secret = old.Secret
	}
	if _, err := external.New(external.Config{URL: set.URL}); err != nil {
		return moderation.BadField("url", "machine.error.url")
	}
	secrets.Scorer = &set
	return d.store.SaveSecrets(r.Context(), site.ID, secrets)
}

// trial is what a scorer is asked when an admin tries it: no reader's words.
const trial = "Danke für den Artikel, das war mir neu."

func (d *Desk) tryScorer(w http.ResponseWriter, r *http.Request, site store.Site) error {
	secrets, err := d.store.Secrets(r.Context(), site.ID)
	if err != nil {
		return err
	}
	if secrets.Scorer == nil {
		return moderation.Missing("scorer")
	}
	p, err := d.machine(r)
	if err != nil {
		return err
	}
	x := &moderation.External{}
	if u, err := url.Parse(secrets.Scorer.URL); err == nil {
		x.Host = u.Host
	}
	client, err := external.New(external.Config{URL: secrets.Scorer.URL, Key: secrets.Scorer.Secret, Timeout: time.Duration(min(longestWait, secrets.Scorer.Seconds)) * time.Second})
	if err != nil {
		x.NotChecked = external.Unusable
	} else {
		x.Scores, x.NotChecked = client.Score(r.Context(), trial)
	}
	p.Tried = outsideOf(p.Lang, x)
	return d.srv.Page(w, r, http.StatusOK, "desk/machine.html", p)
}

// DriftOf is the alarm of a site, for the notice on every page.
func (f Frame) DriftOf() string {
	var out []string
	for _, x := range f.Drifting {
		for _, a := range x.Alarms {
			if name := f.T("machine.drift." + a); !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return strings.Join(out, ", ")
}
