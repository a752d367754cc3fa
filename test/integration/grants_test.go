//go:build integration

package integration_test

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leader"
)

// grantsPort is where the replicas of these tests give grants, each on an address of its own.
const grantsPort = 18445

// address gives this machine an address for the time of a test: pods are known by theirs, and no endpoint may have a loopback address. The
// block is for tests of networks (RFC 2544).
func address(t *testing.T, last int) netip.Addr {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to give this machine addresses for pods")
	}
	made := netip.AddrFrom4([4]byte{198, 18, 44, byte(last)})
	if out, err := exec.CommandContext(t.Context(), "ip", "address", "replace", made.String()+"/32", "dev", "lo").CombinedOutput(); err != nil {
		t.Fatalf("failed to add an address: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("ip", "address", "delete", made.String()+"/32", "dev", "lo").CombinedOutput(); err != nil {
			t.Errorf("failed to remove an address: %v: %s", err, out)
		}
	})
	return made
}

// grantsOf starts a replica with a pod of its own, and returns it, and where it gives grants.
func (i *tanist) grantsOf(name string, at netip.Addr) (*replica, string) {
	i.t.Helper()
	return i.grantsBehind(&network{}, name, at)
}

// grantsBehind is grantsOf with a network that the test has prepared before the first request.
func (i *tanist) grantsBehind(n *network, name string, at netip.Addr) (*replica, string) {
	i.t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: i.namespace, Name: name, Labels: map[string]string{
			config.ReplicaNameKey: config.ReplicaName, config.RulesKey: "1",
		}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "tanist", Image: "x", Ports: []corev1.ContainerPort{{Name: config.GrantsPort, ContainerPort: grantsPort}},
		}}},
	}
	pods := clientset.CoreV1().Pods(i.namespace)
	if _, err := pods.Create(i.t.Context(), pod, metav1.CreateOptions{}); err != nil {
		i.t.Fatalf("failed to create pod: %v", err)
	}
	patch(i.t, pods, types.StrategicMergePatchType, name,
		fmt.Sprintf(`{"status":{"phase":"Running","podIP":%q,"podIPs":[{"ip":%q}]}}`, at, at), "status")
	listen := netip.AddrPortFrom(at, grantsPort).String()
	return i.startBehind(n, app.Options{GrantsAddress: listen}), "http://" + listen
}

// contender is a pod whose application watches whether it leads.
type contender struct {
	*leader.Leadership
	states chan leader.State
}

// withContender creates a ready pod whose application asks a replica.
func (s *testNamespace) withContender(service, name, url string, at netip.Addr) *contender {
	s.t.Helper()
	s.withPod(service, name)
	s.status(name, fmt.Sprintf(`{"phase":"Running","podIP":%q,"podIPs":[{"ip":%q}],`+
		`"conditions":[{"type":"Ready","status":"True","lastTransitionTime":%q}]}`, at, at, now()))
	return s.contend(leader.Options{URL: url, Service: service, Pod: name, LocalAddress: at})
}

// contend is the application of a pod, which watches whether it leads until the test ends.
func (s *testNamespace) contend(options leader.Options) *contender {
	s.t.Helper()
	l, err := leader.New(options)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &contender{l, make(chan leader.State, 10_000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for state := range l.Watch(s.t.Context()) {
			c.states <- state
		}
	}()
	s.t.Cleanup(func() { <-ended })
	return c
}

// await waits until a contender holds a grant. Until then none of the other states may be valid.
func (c *contender) await(t *testing.T, others ...leader.State) leader.State {
	t.Helper()
	giveUp := time.After(waitTimeout)
	for {
		select {
		case state := <-c.states:
			if state.Valid() {
				for _, other := range others {
					if other.Valid() {
						t.Error("two pods hold a grant at a time")
					}
				}
				return state
			}
			if state.Err != nil {
				t.Logf("asked in vain: %v", state.Err)
			}
		case <-giveUp:
			t.Fatal("the leader gets no grant")
		}
	}
}

func TestGrants(t *testing.T) {
	installation := newTanist(t)
	installation.tune("grant: {duration: 5s}") // so long that what comes earlier was not waited for
	_, one := installation.grantsOf("tanist-a", address(t, 101))
	_, other := installation.grantsOf("tanist-b", address(t, 102))
	s := newNamespace(t)
	s.withService("web", func(service *corev1.Service) { service.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicySingleStack) })
	a := s.withContender("web", "a", one, address(t, 1))
	s.leads("web", "a")
	first := a.await(t)
	if first.Term != s.leads("web", "a").Term {
		t.Errorf("the grant is for the term %d, the slice has %d", first.Term, s.leads("web", "a").Term)
	}

	// A leader that is gone without a word: the next one waits.
	b, c := s.withContender("web", "b", other, address(t, 2)), s.withContender("web", "c", one, address(t, 3))
	if !first.Valid() {
		t.Error("the grant has expired although the pod leads")
	}
	s.kill("a")
	moved := time.Now()
	second := b.await(t, first)
	if took := time.Since(moved); took < 5*time.Second {
		t.Errorf("the next leader got a grant after %s, and the one before may have had one for 5s", took)
	}

	// One that steps down: it does not.
	s.terminate("b")
	s.leads("web", "c")
	moved = time.Now()
	if err := b.StepDown(t.Context()); err != nil {
		t.Fatal(err)
	}
	third := c.await(t, first, second)
	if took := time.Since(moved); took > 4*time.Second {
		t.Errorf("after the step-down the next leader got a grant after %s", took)
	}
	if third.Term <= second.Term || second.Term <= first.Term {
		t.Errorf("the terms are %d, %d, %d", first.Term, second.Term, third.Term)
	}
}

// TestTheHolderOfAFollowedLeaseGetsTheGrant: the application's own election says who leads, and a grant keeps the one before from acting meanwhile.
func TestTheHolderOfAFollowedLeaseGetsTheGrant(t *testing.T) {
	installation := newTanist(t)
	_, one := installation.grantsOf("tanist-a", address(t, 103))
	_, other := installation.grantsOf("tanist-b", address(t, 104))
	s := newNamespace(t)
	s.withService("web", annotation(config.FollowLeaseKey, "elected"), func(service *corev1.Service) {
		service.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicySingleStack)
	})
	a, b := s.withContender("web", "a", one, address(t, 4)), s.withContender("web", "b", other, address(t, 5))
	s.warned("web", "LeaseMissing", "Lease elected does not exist")
	s.holds("elected", "a_1")
	first := a.await(t)
	s.holds("elected", "b_1")
	second := b.await(t, first)
	if second.Term <= first.Term || second.Term != s.leads("web", "b").Term {
		t.Errorf("the terms are %d and %d", first.Term, second.Term)
	}
}
