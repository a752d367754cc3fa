//go:build integration && browser

package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// browser is a tab of a real Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// newBrowser opens a tab. It fails without Chromium: whoever runs this test wants to know what the page does in one.
func newBrowser(t *testing.T, width, height int64) *browser {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	if path == "" {
		var err error
		if path, err = exec.LookPath("chromium"); err != nil {
			t.Fatal("there is no Chromium: apt-get install --no-install-recommends chromium, or set CHROMIUM to the program")
		}
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Flag("force-prefers-reduced-motion", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // its sandbox does not work as root
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		cancel()
		cancelAllocator()
	})
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("failed to start Chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	b.run(chromedp.EmulateViewport(width, height))
	return b
}

// listen notes what a page must not have: scripts that fail, and what its policy has stopped.
func (b *browser) listen(event any) {
	problem := ""
	switch e := event.(type) {
	case *cdpruntime.EventExceptionThrown:
		problem = fmt.Sprintf("%+v", e.ExceptionDetails)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			problem = e.Entry.Text + " " + e.Entry.URL
		}
	}
	if problem != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.problems = append(b.problems, problem)
	}
}

// fine checks that the page had no problem.
func (b *browser) fine() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.problems) > 0 {
		b.t.Errorf("the page has problems:\n%s", strings.Join(b.problems, "\n"))
	}
}

func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatalf("the browser failed: %v", err)
	}
}

// read evaluates an expression in the page.
func read[T any](b *browser, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("the page failed to evaluate %s: %v", expression, err)
	}
	return value
}

// until waits until an expression is true in the page. It asks from outside: the page's policy stops what chromedp.Poll would run in it.
func (b *browser) until(expression string) {
	b.t.Helper()
	history.eventually(b.t, func() string {
		if !read[bool](b, expression) {
			return expression + "; the page is\n" + read[string](b, `document.body.innerText`)
		}
		return ""
	})
}

// cell is the text of a column in the row of Service web.
func cell(column string) string {
	return fmt.Sprintf(`(document.querySelector('#leaders .facts .%s')?.textContent ?? '')`, column)
}

func TestTheDashboardInABrowser(t *testing.T) {
	b := newBrowser(t, 1200, 800)
	installation := newTanist(t)
	replica := installation.startElected()
	s, _ := pair(t)
	s.follows("web-leader", "a", "b")
	b.run(chromedp.Navigate(kubectl{namespace: s.namespace}.opensDashboard(t, installation)))
	b.until(cell("leader") + ` === 'a' && ` + cell("successor") + ` === 'b'`)
	b.until(`document.getElementById('connection').textContent === 'Live'`)
	if got := read[string](b, cell("node")+`+' '+`+cell("watched")); got != "node-of-a node and pod" {
		t.Errorf("node and verdict are %q", got)
	}

	// The page is not loaded again: what a script leaves in it stays.
	read[bool](b, `window.sameDocument = true`)
	s.terminate("a")
	second := s.leads("web", "b")
	b.until(fmt.Sprintf(`%s === 'b' && %s === '%d'`, cell("leader"), cell("term"), second.Term))
	b.until(`document.querySelectorAll('.strip .move.planned').length === 1 && document.querySelectorAll('.strip .disruption.led').length >= 1`)
	b.until(`document.getElementById('latest').textContent.includes('web: planned hand-over: from a to b')`)
	s.withReadyPod("web", "c")
	s.notReady("b")
	third := s.leads("web", "c")
	b.until(fmt.Sprintf(`%s === '%d' && document.querySelectorAll('.strip .move.unplanned').length === 1`, cell("term"), third.Term))
	s.notReady("c")
	s.nobodyLeads("web")
	b.until(cell("leader") + ` === 'no leader' && document.querySelectorAll('.strip .band.gap').length === 1`)
	s.readyAgain("b")
	s.leads("web", "b")
	b.until(cell("leader") + ` === 'b'`)
	if !read[bool](b, `window.sameDocument === true`) {
		t.Error("the page was loaded again")
	}

	// Time goes on without news.
	read[float64](b, `window.placeOfAMove = parseFloat(document.querySelector('.strip .move').style.left)`)
	b.until(`parseFloat(document.querySelector('.strip .move').style.left) < window.placeOfAMove`)

	// Details, by the keyboard.
	b.run(chromedp.Focus(chromedp.CSS(`#leaders .open`)), chromedp.KeyEvent("\r"))
	b.until(`document.querySelector('.explanation h2')?.textContent === '` + s.namespace + `/web'`)
	b.until(`document.querySelector('#leaders .open').getAttribute('aria-expanded') === 'true'`)
	details := read[string](b, `document.querySelector('.explanation').innerText`)
	for _, part := range []string{"web-leader", "leads", "LeaderDeleted", "unplanned hand-over", "its deletion began", "no longer ready"} {
		if !strings.Contains(details, part) {
			t.Errorf("the details do not say %q:\n%s", part, details)
		}
	}
	s.withReadyPod("web", "d")
	b.until(`document.querySelector('.explanation').innerText.includes('node-of-d')`)

	// Nothing is wider than the window.
	for _, width := range []int64{1200, 800} {
		b.run(chromedp.EmulateViewport(width, 800))
		if got := read[int64](b, `document.documentElement.scrollWidth`); got > width {
			t.Errorf("at a width of %d, the page has %d", width, got)
		}
	}
	b.looksDifferentAtNight()
	b.showsTenantsTextAsText(s, replica)
	b.fine()
}

// looksDifferentAtNight checks that both colour schemes can be read: the contrast between text and ground is at least 4.5, as WCAG asks for.
func (b *browser) looksDifferentAtNight() {
	b.t.Helper()
	const contrast = `(() => {
		const luminance = (color) => {
			const [r, g, b] = color.match(/[\d.]+/g).map(Number).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
			return 0.2126 * r + 0.7152 * g + 0.0722 * b;
		};
		const ground = luminance(getComputedStyle(document.body).backgroundColor);
		return Math.min(...['.leader .pod', '.facts .node', '#scope', '.warning', '#axis span'].map((selector) => {
			const text = luminance(getComputedStyle(document.querySelector(selector)).color);
			return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
		}));
	})()`
	grounds := map[string]bool{}
	for _, scheme := range []string{"light", "dark"} {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
			b.t.Fatal(err)
		}
		grounds[read[string](b, `getComputedStyle(document.body).backgroundColor`)] = true
		if got := read[float64](b, contrast); got < 4.5 {
			b.t.Errorf("in the scheme %s, the contrast of a text is %.1f, want at least 4.5", scheme, got)
		}
	}
	if len(grounds) != 2 {
		b.t.Errorf("both schemes have the ground %v", grounds)
	}
}

// showsTenantsTextAsText writes markup wherever a tenant could, while no replica repairs it.
func (b *browser) showsTenantsTextAsText(s *testNamespace, replica *replica) {
	b.t.Helper()
	replica.stop()
	const markup = `<img src=x onerror="window.attacked=true"><script>window.attacked=true</script>`
	moves, err := json.Marshal([]leaderslice.Move{{At: time.Now(), From: markup, To: markup, Term: 1 << 52, Reason: markup, By: markup}})
	if err != nil {
		b.t.Fatal(err)
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{
			config.TermKey: fmt.Sprint(1 << 52), config.LeaderKey: markup, config.ReasonKey: markup, config.HistoryKey: string(moves),
		}},
		"endpoints": []any{map[string]any{
			"addresses": []string{"10.1.2.3"}, "targetRef": map[string]string{"kind": "Pod", "namespace": s.namespace, "name": markup, "uid": "none"},
		}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	s.patchSlice("web-leader-ipv4", string(patch))
	text, err := json.Marshal(markup)
	if err != nil {
		b.t.Fatal(err)
	}
	b.until(fmt.Sprintf(`document.querySelector('#leaders .leader .pod').textContent === %s`, text))
	b.until(fmt.Sprintf(`document.querySelector('.strip').innerText.includes(%s) || [...document.querySelectorAll('.strip .name')].some((e) => e.textContent === %[1]s)`, text))
	b.until(fmt.Sprintf(`document.querySelector('.explanation').textContent.includes(%s)`, text))
	b.until(fmt.Sprintf(`document.getElementById('latest').textContent.includes(%s)`, text))
	if read[bool](b, `document.querySelectorAll('img, body script').length > 0 || window.attacked === true`) {
		b.t.Error("a text from the cluster became markup")
	}
}
