package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func followingService(pairs ...string) *corev1.Service {
	annotations := map[string]string{FollowLeaseKey: "web-leader"}
	for i := 0; i < len(pairs); i += 2 {
		annotations[Domain+"/"+pairs[i]] = pairs[i+1]
	}
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web", Annotations: annotations}}
}

func TestParseFollowLease(t *testing.T) {
	following := DefaultOptions("web")
	following.FollowLease = "web-leader"
	refused := map[string]string{
		"strategy": "newest", "sticky": "false", "min-ready": "5s", "preferred-leader": "web-1", "preferred-nodes": "zone=a",
		"same-controller": "StatefulSet/web", "candidate-condition": "example.com/CaughtUp", "handover-on": "none", "paused": "true",
		"loss-after": "2s", "freeze-after": "0s",
	}
	for key, value := range refused {
		t.Run("refused with "+key, func(t *testing.T) {
			options, errs := ParseOptions(followingService(key, value))
			want := `metadata.annotations[tanist.dev/` + key + `]: Invalid value: "` + value +
				`": cannot be combined with tanist.dev/follow-lease: the application elects the leader, and Tanist follows its Lease`
			if len(errs) != 1 || errs[0].Error() != want {
				t.Errorf("got errors %v, want %s", errs, want)
			}
			if diff := cmp.Diff(following, options); diff != "" {
				t.Errorf("unexpected options (-want +got):\n%s", diff)
			}
		})
	}
	for key, value := range map[string]string{
		"strategy": "oldest", "sticky": "true", "min-ready": "0s", "preferred-leader": "", "paused": "false", // the defaults
		"not-ready-grace": "5s", "drain-window": "5s", "probe": "off", "leader-service-type": "NodePort", "copy-labels": "team",
	} {
		if _, errs := ParseOptions(followingService(key, value)); len(errs) > 0 {
			t.Errorf("%s=%s is refused: %v", key, value, errs)
		}
	}
	_, errs := ParseOptions(followingService("follow-lease", "Web_Leader"))
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), `Invalid value: "Web_Leader": must be the name of a Lease in the Service's namespace`) {
		t.Errorf("got %v of a name that no Lease can have", errs)
	}
	if options, errs := ParseOptions(followingService("follow-lease", "", "strategy", "newest")); len(errs) > 0 || options.FollowLease != "" {
		t.Errorf("an empty name gives %+v and %v", options, errs)
	}
}

func TestAServiceThatFollowsALeaseHasADrainWindowOnlyIfItAsksForOne(t *testing.T) {
	tuning := DefaultTuning()
	for _, test := range []struct {
		pairs []string
		want  time.Duration
	}{{nil, 0}, {[]string{"drain-window", "2s"}, 2 * time.Second}} {
		options, _ := ParseOptions(followingService(test.pairs...))
		if got := options.DrainWindowOr(tuning); got != test.want {
			t.Errorf("%v: got %s, want %s", test.pairs, got, test.want)
		}
	}
}
