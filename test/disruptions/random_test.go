//go:build e2e

package disruptions

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/bench/traffic"
	"github.com/tanist-dev/tanist/test/env"
)

// unplannedCost is for how long after a crash or a force delete requests may fail: nothing announces it. kube-proxy alone may take a second.
const unplannedCost = 2 * time.Second

// TestRandomDisruptions makes random disruptions, one after another. Requests fail only right after a crash or a force delete, no two
// pods are ready in a slice, and an Event reports every move. DISRUPTION_RANDOM is how long it takes (45s), DISRUPTION_SEED repeats the
// choices of an earlier run.
func TestRandomDisruptions(t *testing.T) {
	lasting := env.Variable(t, "DISRUPTION_RANDOM", 45*time.Second, time.ParseDuration)
	seed := env.Variable(t, "DISRUPTION_SEED", rand.Uint64(), func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) })
	t.Logf("DISRUPTION_SEED=%d", seed)
	client := env.Connect(t)
	env.AwaitBothReplicas(t, client)
	c := &randomRun{
		testbed: newTestbed(t, client, true, app{kindDeployment, "web", 3, "200m"}, app{kindStatefulSet, "set", 3, "200m"}),
		random:  rand.New(rand.NewPCG(seed, 0)),
	}
	c.keepTwo(t)
	c.prepare(t)
	marks, moved := make([]int, len(c.traffic)), c.recorder.Mark()
	for i, client := range c.traffic {
		marks[i] = len(client.after(0))
	}

	steps := []func(*testing.T){c.drainNode, c.cordonNode, c.rollOut, c.deletePod, c.evictPod, c.crashPod, c.forceDeletePod}
	for began := time.Now(); time.Since(began) < lasting; {
		steps[c.random.IntN(len(steps))](t)
		c.settle(t)
	}

	var sum cost
	for i, client := range c.traffic {
		windows := c.windows(t, client, marks[i])
		sum.add(windows)
		c.excused(t, client.name, windows)
	}
	moves := c.recorder.Since(moved)
	t.Logf("%d of %d requests failed (%s), longest gap %.0f ms, %d crashes and force deletes, %d moves",
		sum.Failed, sum.Requests, sum.errorKinds(), sum.LongestGapMs, len(c.unplanned), len(moves))
	if t.Failed() {
		for _, m := range moves {
			t.Logf("%s %s", m.At.Format(clock), m)
		}
	}
	checkRecorder(t, c.recorder)
	awaitEvents(t, client, c.namespace, moves)
}

// randomRun is a testbed with disruptions chosen at random.
type randomRun struct {
	*testbed
	random *rand.Rand
	// unplanned are the crashes and force deletes.
	unplanned []loss
}

// loss is an unplanned one. It happens between the two times: on a busy machine, a second may pass between asking for it and the answer.
type loss struct{ asked, answered time.Time }

func (l loss) excuses(began, ended time.Time) bool {
	return ended.After(l.asked) && began.Before(l.answered.Add(unplannedCost))
}

// lose makes an unplanned loss.
func (c *randomRun) lose(cause func()) {
	l := loss{asked: time.Now()}
	cause()
	l.answered = time.Now()
	c.unplanned = append(c.unplanned, l)
}

// keepTwo gives each app a disruption budget. Without it, a drain may take all its pods at once.
func (c *randomRun) keepTwo(t *testing.T) {
	t.Helper()
	one := intstr.FromInt32(1)
	for _, a := range c.apps {
		_, err := c.client.PolicyV1().PodDisruptionBudgets(c.namespace).Create(t.Context(), &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Name: a.name},
			Spec:       policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &one, Selector: &metav1.LabelSelector{MatchLabels: a.labels()}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// excused fails the test for requests that failed at any time but after an unplanned loss.
func (c *randomRun) excused(t *testing.T, name string, windows []traffic.Window) {
	t.Helper()
	for i, window := range windows {
		if window.Fresh.Failed+window.Kept.Failed == 0 {
			continue
		}
		ended := window.Began.Add(time.Second)
		if i+1 < len(windows) {
			ended = windows[i+1].Began
		}
		if !slices.ContainsFunc(c.unplanned, func(l loss) bool { return l.excuses(window.Began, ended) }) {
			t.Errorf("%s, from %s to %s, nothing unplanned: %+v", name, window.Began.Format(clock), ended.Format(clock), window)
		}
	}
}

func (c *randomRun) log(t *testing.T, what string, args ...any) {
	t.Helper()
	t.Logf("%s %s", time.Now().Format(clock), fmt.Sprintf(what, args...))
}

func (c *randomRun) app() app { return c.apps[c.random.IntN(len(c.apps))] }

func (c *randomRun) node() string { return c.nodes[c.random.IntN(len(c.nodes))] }

// pod is an app's leader, or in one of four cases any of its pods.
func (c *randomRun) pod(t *testing.T) (app, *corev1.Pod) {
	t.Helper()
	a := c.app()
	leader := c.leader(t, a)
	if c.random.IntN(4) > 0 {
		return a, leader
	}
	pods, err := c.pods(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return a, &pods[c.random.IntN(len(pods))]
}

func (c *randomRun) drainNode(t *testing.T) {
	node := c.node()
	c.log(t, "drain %s", node)
	c.drain(t, node)
	c.uncordon(t, node)
}

// cordonNode uncordons the node at once, or after the leaders have moved.
func (c *randomRun) cordonNode(t *testing.T) {
	node, settled := c.node(), c.random.IntN(2) == 0
	c.log(t, "cordon %s, settle: %t", node, settled)
	env.Run(t, "kubectl", "cordon", node)
	if settled {
		c.settle(t)
	}
	c.uncordon(t, node)
}

func (c *randomRun) rollOut(t *testing.T) {
	a := c.app()
	c.log(t, "rollout of %s", a.resource())
	c.kubectl(t, "rollout", "restart", a.resource())
}

func (c *randomRun) deletePod(t *testing.T) {
	_, pod := c.pod(t)
	c.log(t, "delete %s", pod.Name)
	c.kubectl(t, "delete", "pod", pod.Name, "--wait=false")
}

func (c *randomRun) evictPod(t *testing.T) {
	_, pod := c.pod(t)
	c.log(t, "evict %s", pod.Name)
	env.Await(t, "the budget admits the eviction", func(ctx context.Context) error {
		err := c.client.PolicyV1().Evictions(c.namespace).Evict(ctx, &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: c.namespace},
		})
		if apierrors.IsNotFound(err) {
			return nil // an earlier attempt succeeded, and its answer was lost
		}
		return err
	})
}

// crashPod ends a pod's process, and waits until the kubelet has noticed.
func (c *randomRun) crashPod(t *testing.T) {
	a, pod := c.pod(t)
	c.log(t, "crash %s", pod.Name)
	c.lose(func() {
		// The process may die before it has answered.
		_ = c.client.CoreV1().RESTClient().Post().Namespace(c.namespace).Resource("pods").Name(pod.Name + ":8080").
			SubResource("proxy").Suffix("crash").MaxRetries(0).Do(t.Context()).Error()
	})
	restarted := pod.Status.ContainerStatuses[0].RestartCount
	env.Await(t, "the container has restarted", func(ctx context.Context) error {
		pods, err := c.pods(ctx, a)
		if err != nil {
			return err
		}
		for _, now := range pods {
			if now.UID == pod.UID && now.Status.ContainerStatuses[0].RestartCount == restarted {
				return fmt.Errorf("not yet: %v", now.Status.ContainerStatuses[0].State)
			}
		}
		return nil
	})
}

func (c *randomRun) forceDeletePod(t *testing.T) {
	_, pod := c.pod(t)
	c.log(t, "force delete %s", pod.Name)
	c.lose(func() { c.kubectl(t, "delete", "pod", pod.Name, "--grace-period=0", "--force", "--wait=false") })
}
