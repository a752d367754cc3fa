package notify

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestPace(t *testing.T) {
	p, now := NewBackoff(), gen.T0
	var waits []time.Duration
	for range 12 {
		wait := p.Attempts(gen.ShopWeb, "label", now).Wait(now)
		waits = append(waits, wait)
		now = now.Add(wait)
		p.Record(gen.ShopWeb, "label", now)
	}
	s := time.Second
	want := []time.Duration{0, 0, 0, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s, 60 * s}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Errorf("unexpected waits (-want +got):\n%s", diff)
	}
	if wait := p.Attempts(gen.ShopWeb, "another label", now).Wait(now); wait != 0 {
		t.Errorf("something else waits %s", wait)
	}
	later := now.Add(forgiven)
	if wait := p.Attempts(gen.ShopWeb, "label", later).Wait(later); wait != 0 {
		t.Errorf("after a long rest it waits %s", wait)
	}
	p.Forget(gen.ShopWeb)
	if len(p.attempts) != 0 {
		t.Error("something is remembered")
	}
}

func TestARefusalIsToldAgainBeforeItsEventIsForgotten(t *testing.T) {
	c, p := NewDeduplicator(), NewBackoff()
	err := errors.New("exceeded quota: q")
	told := 0
	for now := gen.T0; now.Before(gen.T0.Add(2 * time.Hour)); now = now.Add(longestPause) {
		told += len(c.Unsent(gen.ShopWeb, []Warning{Refusal(gen.WebService(), ActionMirror, err, p.Record(gen.ShopWeb, err.Error(), now))}))
	}
	if told != 3 {
		t.Errorf("it is told %d times in two hours, want 3", told)
	}
}

func TestEventNote(t *testing.T) {
	for name, text := range map[string]string{
		"of one byte each": strings.Repeat("a", 3000), "of two": strings.Repeat("é", 1500), "of three": strings.Repeat("€", 1500),
		"of four": strings.Repeat("𝕋", 900), "broken": strings.Repeat("\xffa", 1200),
	} {
		t.Run(name, func(t *testing.T) {
			note := FitNote(text)
			if len(note) > maxNote || len(note) < maxNote-7 || !utf8.ValidString(note) || !strings.HasSuffix(note, " …") {
				t.Errorf("got %d bytes, valid: %t, ending in %q", len(note), utf8.ValidString(note), note[len(note)-8:])
			}
		})
	}
	if fits := strings.Repeat("a", maxNote); FitNote(fits) != fits {
		t.Error("a note that fits is changed")
	}
}
