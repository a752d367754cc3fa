package leaderservice

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAnInvalidAnnotationWarningNamesTheValidValues(t *testing.T) {
	plan := decide(inputOf(gen.Annotated(config.StickyKey, "perhaps"), withLeader(gen.LeaderOf(gen.WebService()))), gen.T0)
	for _, part := range []string{config.StickyKey, `"perhaps"`, `"true"`, `"false"`} {
		if note := plan.warnings[0].Note; !strings.Contains(note, part) {
			t.Errorf("%q does not mention %s", note, part)
		}
	}
}

func TestAContestedWarningNamesWhatIsChanged(t *testing.T) {
	in := inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService(), func(s *corev1.Service) {
		s.Labels[config.ManagedByKey], s.Spec.Selector = "platform", map[string]string{"app": "web"}
	})))
	note := in.contestedWarning(decide(in, gen.T0).patch).Note
	for _, part := range []string{"label " + config.ManagedByKey, "selector", "--show-managed-fields"} {
		if !strings.Contains(note, part) {
			t.Errorf("%q does not mention %s", note, part)
		}
	}
}

func TestNoRemedyTakesALeaderAway(t *testing.T) {
	web := gen.WebService()
	leader := gen.LeaderOf(web)
	other := gen.WebService(func(s *corev1.Service) { s.Name = "api" })
	for name, in := range map[string]input{
		"another Service's leader Service": inputOf(web, func(in *input) { in.nameHolder, in.otherOwner = gen.LeaderOf(other), other }),
		"someone's Service":                inputOf(web, func(in *input) { in.nameHolder = gen.LeaderOf(other, func(s *corev1.Service) { s.Labels = nil }) }),
		"a user's Endpoints":               inputOf(web, withLeader(leader), withSlices(gen.MirroredSlice()), withEndpoints(nil), func(in *input) { in.liveWithoutSelector = true }),
	} {
		t.Run(name, func(t *testing.T) {
			for _, warning := range decide(in, gen.T0).warnings {
				for _, remedy := range []string{"delete it", "delete Service", "delete EndpointSlice"} {
					if strings.Contains(warning.Note, remedy) {
						t.Errorf("got remedy %q", warning.Note)
					}
				}
			}
		})
	}
}
