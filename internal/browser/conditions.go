package browser

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// Viewport sets the size of the page's window in CSS pixels.
func (b *Tab) Viewport(width, height int64) {
	b.t.Helper()
	b.Do(chromedp.EmulateViewport(width, height))
}

// Zoom shows the page as a window of the size given, in pixels of the screen, does
// at a zoom: at 4 a window of 1280 by 1024 leaves the page 320 by 256.
func (b *Tab) Zoom(width, height, times int64) {
	b.t.Helper()
	b.Do(chromedp.EmulateViewport(width/times, height/times, chromedp.EmulateScale(float64(times))))
}

// Media sets media features by name, such as "prefers-color-scheme": "dark",
// "forced-colors": "active" or "prefers-reduced-motion": "reduce", and takes
// back those set before.
func (b *Tab) Media(features map[string]string) {
	b.t.Helper()
	var all []*emulation.MediaFeature
	for name, value := range features {
		all = append(all, &emulation.MediaFeature{Name: name, Value: value})
	}
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: all})
}

// Dark switches the reader's wish for a dark page on, or to light.
func (b *Tab) Dark(on bool) {
	b.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	b.Media(map[string]string{"prefers-color-scheme": scheme})
}

// Print shows the page as it would be printed, or on the screen again; it takes
// back features set by Media.
func (b *Tab) Print(on bool) {
	b.t.Helper()
	medium := ""
	if on {
		medium = "print"
	}
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium})
}

// OnEveryPage runs a script before any other on each page from now on.
func (b *Tab) OnEveryPage(script string) {
	b.t.Helper()
	command(b, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// NoCache makes the browser ask for everything anew.
func (b *Tab) NoCache() {
	b.t.Helper()
	command(b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
}

// JavaScript allows or forbids scripts from the next page on.
func (b *Tab) JavaScript(on bool) {
	b.t.Helper()
	command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// SlowCPU makes the page's processor so many times slower; 1 is full speed.
func (b *Tab) SlowCPU(factor float64) {
	b.t.Helper()
	command(b, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: factor})
}

// SlowNetwork delays each answer and limits the bytes a second in both
// directions; 0 for no limit.
func (b *Tab) SlowNetwork(latency time.Duration, bytesPerSecond float64) {
	b.t.Helper()
	if bytesPerSecond <= 0 {
		bytesPerSecond = -1
	}
	b.conditions(network.Conditions{
		Latency:            float64(latency) / float64(time.Millisecond),
		DownloadThroughput: bytesPerSecond,
		UploadThroughput:   bytesPerSecond,
	})
}

// Offline takes the page off the network, or back to full speed.
func (b *Tab) Offline(on bool) {
	b.t.Helper()
	b.conditions(network.Conditions{Offline: on, DownloadThroughput: -1, UploadThroughput: -1})
	command(b, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: on, DownloadThroughput: -1, UploadThroughput: -1,
	})
}

func (b *Tab) conditions(c network.Conditions) {
	b.t.Helper()
	command(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{&c},
	})
}

// command sends one command of the browser's protocol to the tab.
func command[P, R any](b *Tab, c cdp.Command[P, R], params P) R {
	b.t.Helper()
	return Get(b, func(ctx context.Context, t *chromedp.Target) (R, error) {
		return cdp.Call(ctx, t, c, params)
	})
}

// allCookies lists the cookies of the tab's profile, whatever page is open.
func allCookies(ctx context.Context, _ *chromedp.Target) ([]*network.Cookie, error) {
	profile := chromedp.FromContext(ctx).BrowserContextID
	r, err := chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: profile})
	return r.Cookies, err
}
