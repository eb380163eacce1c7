package desk

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// keyDown presses a key as a keyboard does, where the letter is typed only if the
// page lets it pass. (chromedp's own keys send the letter in any case.)
func keyDown(key, code string) chromedp.Action[cdp.Empty] {
	return func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: key, Code: code, Text: key, UnmodifiedText: key})
	}
}

func clickOn(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(selector)
}

func evaluate(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](script)
}

// measureKeys makes the page note, for each key that brings another comment, the
// time from the key to the frame after the comment was put in.
var measureKeys = evaluate(`window.lags = [];
addEventListener('keydown', e => {
	const start = e.timeStamp, before = document.querySelector('.item')?.dataset.id;
	requestAnimationFrame(() => {
		const channel = new MessageChannel();
		channel.port1.onmessage = () => {
			if (document.querySelector('.item')?.dataset.id !== before) lags.push(performance.now() - start);
		};
		channel.port2.postMessage(0);
	});
}, true)`)
