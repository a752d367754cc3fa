//go:build integration

package integration_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// What someone who may only change Services, or EndpointSlices, can make Tanist do.

// hostileEdits returns changes of the objects of one Service, by what they do. Each sets one annotation.
func hostileEdits() map[string]func(*testNamespace) {
	term := func(ahead time.Duration) string { return strconv.FormatInt(time.Now().Add(ahead).UnixMilli(), 10) }
	values := map[string]string{
		"unreadable": "x", "negative": "-1", "the largest number": "9223372036854775807", "soon": term(50 * time.Second),
		"just plausible": term(time.Minute), "just too far": term(time.Minute + 2*time.Second), "another pod": "b", "the Service itself": "web",
		"far in the future": "9999-12-31T23:59:59Z", "long": strings.Repeat("9", 100_000),
		"a basis": "9999999999999/b/99999999999999999999/99999999999999999999",
	}
	edits := map[string]func(*testNamespace){}
	add := func(object string, keys []string, values map[string]string, edit func(s *testNamespace, body string)) {
		for _, key := range keys {
			for what, value := range values {
				edits[fmt.Sprintf("%s of the %s is %s", key, object, what)] = func(s *testNamespace) { edit(s, annotated(s.t, key, value)) }
			}
		}
	}
	add("Service", []string{
		config.EnabledKey, config.LeaderServiceKey, config.StrategyKey, config.StickyKey, config.MinReadyKey, config.NotReadyGraceKey,
		config.DrainWindowKey, config.PreferredLeaderKey, config.CopyLabelsKey, config.CopyAnnotationsKey, config.TermKey,
	}, map[string]string{"unreadable": "x,y", "another pod": "b", "long": values["long"]}, func(s *testNamespace, body string) { s.patchService("web", body) })
	add("leader Service", append(slices.Clone(leaderslice.ReportKeys), config.LastGoodKey, config.OrphanedSinceKey, config.CopyLabelsKey, config.CopyAnnotationsKey), values,
		func(s *testNamespace, body string) { s.patchService("web-leader", body) })
	add("slice", leaderslice.RecordKeys, values, func(s *testNamespace, body string) { s.patchSlice("web-leader-ipv4", body) })
	return edits
}

// annotated returns a merge patch that sets an annotation.
func annotated(t *testing.T, key, value string) string {
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{key: value}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// written returns how many versions of Services and slices, and how many Events, a namespace has had.
func (s *testNamespace) written() (objects, events int) {
	for _, kind := range []string{"Service", "EndpointSlice"} {
		objects += len(history.all(kind, s.namespace))
	}
	return objects, len(history.all("Event", s.namespace))
}

// TestAHostileAnnotationCausesFewWrites sets each annotation, alone and together with a preferred leader. Another Service asks for the same
// leader Service.
func TestAHostileAnnotationCausesFewWrites(t *testing.T) {
	installation := newTanist(t)
	installation.startElected()
	installation.start()
	type damaged struct {
		*testNamespace
		first           leadership
		objects, events int
	}
	all, edits := map[string]*damaged{}, hostileEdits()
	for what := range edits {
		s, first := pair(t)
		s.withService("other", annotation(config.LeaderServiceKey, "web-leader"), func(other *corev1.Service) { other.Spec.Selector["app"] = "web" })
		all[what] = &damaged{testNamespace: s, first: first}
	}
	n := 0
	for what, d := range all {
		d.mirrored("web-leader", d.first)
		d.objects, d.events = d.written()
		edits[what](d.testNamespace)
		if n++; n%2 == 0 {
			d.annotate("web", config.PreferredLeaderKey, "b")
		}
	}
	marker, first := pair(t) // the leader Services are written once no leader has moved for a second
	marker.mirrored("web-leader", first)
	for what, d := range all {
		objects, events := d.written()
		t.Logf("%s: %d versions, %d Events", what, objects-d.objects, events-d.events)
		if objects-d.objects > 20 || events-d.events > 12 { // another name makes a leader Service and slices, and deletes the old ones
			t.Errorf("%s: %d versions and %d Events followed", what, objects-d.objects, events-d.events)
		}
	}
}

// TestATenantWhoGoesOnIsSlowedDown: someone prefers one pod and the other in turn, as fast as the API server lets him. While he goes on, the
// leader moves a few times a second; when he stops, the last preference is followed.
func TestATenantWhoGoesOnIsSlowedDown(t *testing.T) {
	r := newTanist(t).startElected()
	s, _ := pair(t)
	began, edits := time.Now(), 0
	history.eventually(t, func() string {
		for range 10 {
			edits++
			s.annotate("web", config.PreferredLeaderKey, []string{"a", "b"}[edits%2])
		}
		if edits < 500 && time.Since(began) < waitTimeout/4 {
			return "enough edits"
		}
		return ""
	})
	s.annotate("web", config.PreferredLeaderKey, "b")
	s.leads("web", "b")
	took := time.Since(began)
	// A burst, three a second, and what was written before.
	if got, most := s.versionsOf("EndpointSlice", "web-leader-ipv4"), 10+3*(int(took.Seconds())+1)+5; got > most {
		t.Errorf("%d versions of the slice after %d edits in %s, want at most %d", got, edits, took, most)
	}
	s.warned("web", "WritesSlowed", "the leader or its EndpointSlice changes")
	slowed := 0
	for _, object := range history.objects("Event", s.namespace) {
		// The leader Service, which keeps the last good annotations, is slowed down by itself.
		if event := object.(*eventsv1.Event); event.Reason == "WritesSlowed" && event.Action == "Elect" {
			slowed++
		}
	}
	if slowed != 1 {
		t.Errorf("%d Events say that the slice is slowed down, want one", slowed)
	}
	if r.counter("tanist_commits_slowed_total") == 0 {
		t.Error("no commit is counted as slowed down")
	}
}
