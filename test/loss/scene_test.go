//go:build e2e

package loss

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/tanist-dev/tanist/bench/traffic"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// rate is how many new connections a second the clients of all Services open together.
const rate = 150

// scene is where one trial happens: new Services, all led by one pod, and a client of each. They are new because a Service remembers its
// last losses, and waits longer before each further one.
type scene struct {
	*testbed
	leader   *corev1.Pod
	replicas tanist
	round    int
	services []string
	meters   []*traffic.Meter
	marks    []int
	moves    int
	stop     context.CancelFunc
}

// newScene creates a scene, and returns when all requests succeed.
func (b *testbed) newScene(t *testing.T, f fault, round int) *scene {
	t.Helper()
	s := &scene{testbed: b, leader: b.podOn(t, f.place(t, b, round)), replicas: replicas(t, b.client), round: round}
	annotations := map[string]string{config.EnabledKey: "true", config.PreferredLeaderKey: s.leader.Name}
	maps.Copy(annotations, f.annotations)
	for i := range f.services(t) {
		name := fmt.Sprintf("%s-%d-%d", f.group, round, i)
		s.services = append(s.services, name)
		_, err := b.client.CoreV1().Services(b.namespace).Create(t.Context(), &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations},
			Spec:       corev1.ServiceSpec{Selector: appLabels, Ports: env.ServerPorts()},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(t.Context())
	for _, name := range s.services {
		s.led(t, name)
		if f.annotations[config.StickyKey] == "" {
			s.annotate(t, name, config.PreferredLeaderKey, nil)
		}
		client := traffic.DefaultConfig()
		client.URL, client.Rate = "http://"+s.address(t, name)+"/", rate/len(s.services)
		meter := traffic.NewMeter()
		go meter.Send(ctx, client)
		s.meters = append(s.meters, meter)
	}
	for _, meter := range s.meters {
		if err := meter.AwaitFlow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// led waits until the chosen pod leads a Service.
func (s *scene) led(t *testing.T, service string) {
	t.Helper()
	env.Await(t, s.leader.Name+" leads "+service, func(ctx context.Context) error {
		list, err := s.client.DiscoveryV1().EndpointSlices(s.namespace).List(ctx, metav1.ListOptions{
			LabelSelector: config.SourceServiceKey + "=" + service,
		})
		if err != nil {
			return err
		}
		for _, slice := range list.Items {
			for _, endpoint := range slice.Endpoints {
				if endpoint.TargetRef.UID == s.leader.UID && endpoint.Conditions.Ready != nil && *endpoint.Conditions.Ready {
					return nil
				}
			}
		}
		return errors.New("not yet")
	})
}

func (s *scene) annotate(t *testing.T, service, key string, value any) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{key: value}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.CoreV1().Services(s.namespace).Patch(t.Context(), service, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// address is the ClusterIP of a Service's leader Service.
func (s *scene) address(t *testing.T, service string) (ip string) {
	t.Helper()
	found, err := s.client.CoreV1().Services(s.namespace).Get(t.Context(), service+"-leader", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found.Spec.ClusterIP
}

// mark begins the counting.
func (s *scene) mark() {
	s.recorder.Violations()
	s.marks = nil
	for _, meter := range s.meters {
		s.marks = append(s.marks, meter.Mark())
	}
	s.moves = s.recorder.Mark()
}

// awaitMoves waits until each Service has another leader, or until that takes longer than it may.
func (s *scene) awaitMoves(t *testing.T) {
	t.Helper()
	for until := time.Now().Add(limit); time.Now().Before(until); pause(t, 5*time.Millisecond) {
		led := map[string]bool{}
		for _, m := range s.recorder.Since(s.moves) {
			led[m.Service] = m.Leader != "" && m.Leader != s.leader.Name
		}
		missing := false
		for _, service := range s.services {
			missing = missing || !led[service]
		}
		if !missing {
			return
		}
	}
}

// awaitWarnings waits until each Service has a Warning with this reason.
func (s *scene) awaitWarnings(t *testing.T, reason string) {
	t.Helper()
	env.Eventually(t, "each Service has the Warning "+reason, func(ctx context.Context) error {
		events, err := s.client.EventsV1().Events(s.namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=Warning,reason=" + reason})
		if err != nil {
			return fmt.Errorf("failed to list Events: %w", err)
		}
		missing := sets.New(s.services...)
		for _, event := range events.Items {
			missing.Delete(event.Regarding.Name)
		}
		if missing.Len() > 0 {
			return fmt.Errorf("%v have none", sets.List(missing))
		}
		return nil
	})
}

// trials is what has happened since the mark.
func (s *scene) trials(t *testing.T, began time.Time) (all []trial) {
	t.Helper()
	moves, wrong := s.recorder.Since(s.moves), s.recorder.Violations()
	for i, service := range s.services {
		seen, err := s.meters[i].Since(t.Context(), s.marks[i])
		if err != nil {
			t.Fatal(err)
		}
		one := trial{Service: service, Began: began, Node: s.leader.Spec.NodeName, Holder: s.replicas.holder.Spec.NodeName, Traffic: seen}
		for _, pod := range s.replicas.others {
			one.Others = append(one.Others, pod.Spec.NodeName)
		}
		one.add(moves)
		all = append(all, one)
	}
	for _, err := range wrong {
		all[0].Wrong = append(all[0].Wrong, err.Error())
	}
	return all
}

// remove ends the clients and removes the Services.
func (s *scene) remove(t *testing.T) {
	t.Helper()
	s.stop()
	for _, service := range s.services {
		if err := s.client.CoreV1().Services(s.namespace).Delete(context.WithoutCancel(t.Context()), service, metav1.DeleteOptions{}); err != nil {
			t.Errorf("failed to remove the Service: %v", err)
		}
	}
}
