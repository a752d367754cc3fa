//go:build integration

package integration_test

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// What users and other programs do to Tanist's objects: backups, labels, and namespaces that opt out by mistake.

func TestANamespaceThatIsRestoredFromABackupHasALiveLeader(t *testing.T) {
	cases := map[string]struct {
		// late starts Tanist after the restore.
		late bool
		// order changes the order in which a kind's objects are restored.
		order  func(backup)
		change []func(restored *metav1.ObjectMeta, saved metav1.ObjectMeta)
	}{
		"Tanist runs meanwhile": {},
		"Tanist runs meanwhile, and the leader Service comes before its Service": {order: func(b backup) { slices.Reverse(b.services) }},
		"Tanist starts later":                                                     {late: true},
		"the restored objects have owners that are gone":                          {change: []func(*metav1.ObjectMeta, metav1.ObjectMeta){keepOwners}},
		"the restored objects have owners that are gone, and Tanist starts later": {late: true, change: []func(*metav1.ObjectMeta, metav1.ObjectMeta){keepOwners}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			installation := newTanist(t)
			r := installation.startElected()
			from := newNamespace(t, realWorkloads)
			from.withService("web")
			from.withDeployment("web", 2)
			from.runs("web", 2)
			before := from.says("web", "one leads", func(l leadership) bool { return l.Ready })
			from.mirrored("web-leader", before)
			saved := from.backUp()
			if test.order != nil {
				test.order(saved)
			}
			if test.late {
				r.stop()
			}

			s := newNamespace(t, realWorkloads)
			s.restore(saved, test.change...)
			s.runs("web", 2)
			if test.late {
				installation.startElected()
			}
			leader := s.leadsALivePod("web")
			if leader.Term <= before.Term {
				t.Errorf("got %+v, want a term after that of the backup, %d", leader, before.Term)
			}
			s.onlyOurs("web-leader")
			s.terminate(leader.Leader)
			s.finish(leader.Leader)
			if next := s.leadsALivePod("web"); next.Term <= leader.Term {
				t.Errorf("got %+v after %+v", next, leader)
			}
		})
	}
}

// leadsALivePod waits until the leader is a pod that exists, the slice has its address, and the owners are right.
func (s *testNamespace) leadsALivePod(service string) leadership {
	s.t.Helper()
	l := s.says(service, "a pod that exists leads", func(l leadership) bool {
		pod := history.pod(s.namespace, l.Leader)
		return l.Ready && pod != nil && pod.DeletionTimestamp == nil && pod.Status.PodIP == l.Address
	})
	history.eventually(s.t, func() string {
		source, leader := history.service(s.namespace, service), history.service(s.namespace, service+"-leader")
		slice := history.slice(s.namespace, service+"-leader-ipv4")
		if leader == nil || slice == nil {
			return "a leader Service and its slice"
		}
		if owner := metav1.GetControllerOf(leader); owner == nil || owner.UID != source.UID {
			return fmt.Sprintf("that the leader Service belongs to Service %s, got %+v", source.UID, owner)
		}
		if owner := metav1.GetControllerOf(slice); owner == nil || owner.UID != leader.UID {
			return fmt.Sprintf("that the slice belongs to the leader Service %s, got %+v", leader.UID, owner)
		}
		return ""
	})
	return l
}

func TestLabelsThatOthersChangeStopNoHandover(t *testing.T) {
	const platform = `{"metadata":{"labels":{%q:%s}}}`
	keys := []string{config.ManagedByKey, config.SourceServiceKey}
	values := map[string]string{"changed": `"platform"`, "the term is removed": `null`}
	cases := map[string]func(s *testNamespace){}
	for _, key := range keys {
		for what, value := range values {
			body := fmt.Sprintf(platform, key, value)
			cases[key+" is "+what+" on the leader Service"] = func(s *testNamespace) { s.patchService("web-leader", body) }
			cases[key+" is "+what+" on the slice"] = func(s *testNamespace) { s.patchSlice("web-leader-ipv4", body) }
			cases[key+" is "+what+" on both"] = func(s *testNamespace) {
				s.patchService("web-leader", body)
				s.patchSlice("web-leader-ipv4", body)
			}
		}
	}
	cases["the label that says who manages the slice is changed"] = func(s *testNamespace) {
		s.patchSlice("web-leader-ipv4", fmt.Sprintf(platform, "endpointslice.kubernetes.io/managed-by", `"platform"`))
	}
	cases["all labels are removed"] = func(s *testNamespace) {
		s.patchService("web-leader", `{"metadata":{"labels":null}}`)
		s.patchSlice("web-leader-ipv4", `{"metadata":{"labels":{"app.kubernetes.io/managed-by":null,"tanist.dev/source-service":null}}}`)
	}
	newTanist(t).startElected()
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s, first := pair(t)
			s.awaitPodEvents()
			change(s)
			s.awaitPodEvents() // by now Tanist has most likely seen the change
			s.terminate("a")
			if l := s.leads("web", "b"); l.Term <= first.Term {
				t.Errorf("got %+v after %+v", l, first)
			}
			s.onlyOurs("web-leader")
		})
	}
}

func TestANamespaceThatOptsOutByMistakeLosesNothing(t *testing.T) {
	cases := map[string]struct {
		label string
		// restart is whether Tanist is restarted meanwhile.
		restart bool
	}{
		"the label is removed":                           {label: `null`},
		"the label is mistyped":                          {label: `"yes"`},
		"the label is mistyped, and Tanist is restarted": {label: `"yes"`, restart: true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			installation := newTanist(t)
			r := installation.startElected()
			s, first := pair(t)
			s.mirrored("web-leader", first)
			leaderService := s.exists("web-leader")
			s.label(test.label)
			s.warned("web", "", config.EnabledKey)
			if test.restart {
				r.stop()
				installation.startElected()
			}
			newNamespace(t).awaitPodEvents() // Tanist has seen all of that
			s.stays("web", first)
			s.terminate("a")
			second := s.leads("web", "b")
			if !s.next("web", first, second) {
				t.Errorf("got %+v after %+v", second, first)
			}

			s.label(`"true"`)
			s.withReadyPod("web", "c")
			s.follows("web-leader", "b", "c") // Tanist manages it again
			s.stays("web", second)
			s.exists("web-leader", func(got *corev1.Service) string {
				if got.UID != leaderService.UID || got.Spec.ClusterIP != leaderService.Spec.ClusterIP {
					t.Errorf("it is another leader Service: %+v", got)
				}
				if since, orphaned := got.Annotations["tanist.dev/orphaned-since"]; orphaned {
					return "that it is not orphaned any longer; since " + since
				}
				return ""
			})
		})
	}
}
