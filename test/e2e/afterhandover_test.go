//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// keptFor is after how long no request reaches the old leader any more: the second after the hand-over, the drain window, and some more.
const keptFor = 10 * time.Second

// keptClient sends requests on one connection, and opens another only when that has ended.
type keptClient struct {
	mu sync.Mutex
	// last is when each pod last answered, and failed what failed since the first answer: until then, kube-proxy may not know the Service.
	last   map[string]time.Time
	failed []string
}

// keepAsking sends a request each 20 ms until the test ends.
func keepAsking(t *testing.T, address string) *keptClient {
	t.Helper()
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	c, ended := &keptClient{last: map[string]time.Time{}}, make(chan struct{})
	transport := &http.Transport{MaxIdleConnsPerHost: 1, MaxConnsPerHost: 1}
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	go func() {
		defer close(ended)
		for tick := time.Tick(20 * time.Millisecond); ctx.Err() == nil; <-tick {
			pod, err := ask(ctx, client, "http://"+address+"/")
			c.mu.Lock()
			switch {
			case err == nil:
				c.last[pod] = time.Now()
			case ctx.Err() == nil && len(c.last) > 0:
				c.failed = append(c.failed, fmt.Sprintf("%s: %v", time.Now().Format(time.StampMilli), err))
			}
			c.mu.Unlock()
		}
	}()
	t.Cleanup(func() { end(); <-ended; transport.CloseIdleConnections() })
	return c
}

func ask(ctx context.Context, client *http.Client, url string) (pod string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered with %s", answer.Status)
	}
	return strings.TrimSpace(string(body)), err
}

// answered returns the time at which a pod last answered; zero if it never did.
func (c *keptClient) answered(pod string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last[pod]
}

func (c *keptClient) failures() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// allowEvictions gives Tanist the right in one namespace that the chart gives with afterHandover.evictions.
func allowEvictions(t *testing.T, client kubernetes.Interface, namespace string) {
	t.Helper()
	role := &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "tanist-evictions"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods/eviction"}, Verbs: []string{"create"}}},
	}
	if _, err := client.RbacV1().Roles(namespace).Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: env.TanistNamespace, Name: config.ReplicaName}},
	}
	if _, err := client.RbacV1().RoleBindings(namespace).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestAConnectionDoesNotStayOnTheOldLeader: a node is cordoned, and nobody drains it. A client with a kept connection follows the leader, and none
// of its requests fails.
func TestAConnectionDoesNotStayOnTheOldLeader(t *testing.T) {
	client := env.Connect(t)
	env.AwaitBothReplicas(t, client)
	namespace := workload(t, client, 3)
	allowEvictions(t, client, namespace)
	if _, err := client.CoreV1().Services(namespace).Patch(t.Context(), "web", types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"`+config.AfterHandoverKey+`":"evict"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	before := awaitSettled(t, client, namespace, 3)
	old := leaderOf(before)
	service, err := client.CoreV1().Services(namespace).Get(t.Context(), "web-leader", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kept := keepAsking(t, service.Spec.ClusterIP)
	env.Eventually(t, "the leader answers the client", func(context.Context) error {
		if kept.answered(old).IsZero() {
			return fmt.Errorf("pod %s has not answered", old)
		}
		return nil
	})

	leaders := recordLeaders(t, client, namespace)
	node := nodeOf(t, client, namespace, old)
	restore := env.Restoring(t, "node "+node, func(ctx context.Context) error {
		_, err := client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, []byte(`{"spec":{"unschedulable":null}}`), metav1.PatchOptions{})
		return err
	})
	cordoned := time.Now()
	env.Run(t, "kubectl", "cordon", node)
	env.Eventually(t, "the leader moves", func(context.Context) error {
		if !leaders.moved("web-leader", before.Endpoints[0].TargetRef.UID) {
			return fmt.Errorf("%v", leaders.allMoves())
		}
		return nil
	})
	env.Eventually(t, "another pod answers the client", func(context.Context) error {
		if last := kept.answered(old); time.Since(last) < keptFor {
			return fmt.Errorf("pod %s answered %s ago", old, time.Since(last))
		}
		return nil
	})
	if last := kept.answered(old).Sub(cordoned); last > keptFor {
		t.Errorf("the old leader answered until %s after the cordon, want at most %s", last, keptFor)
	}
	restore()

	after := awaitSettled(t, client, namespace, 3)
	if kept.answered(leaderOf(after)).IsZero() {
		t.Errorf("the new leader %s has not answered the client", leaderOf(after))
	}
	if failed := kept.failures(); len(failed) > 0 {
		t.Errorf("%d requests failed; pod %s last answered at %s; moves: %+v: %s",
			len(failed), old, kept.answered(old).Format(time.StampMilli), leaders.allMoves(), strings.Join(failed, "\n"))
	}
	if moves := leaders.allMoves(); len(moves) != 1 {
		t.Errorf("the leader moved %d times, want once: %+v", len(moves), moves)
	}
	leaders.check()
	awaitEventAbout(t, client, namespace, "OldLeaderEvicted")
	t.Logf("the old leader answered until %s after the cordon", kept.answered(old).Sub(cordoned).Round(time.Millisecond))
}

// awaitEventAbout waits for an Event of the Service web with a reason.
func awaitEventAbout(t *testing.T, client kubernetes.Interface, namespace, reason string) {
	t.Helper()
	env.Eventually(t, "the Event "+reason, func(ctx context.Context) error {
		list, err := client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=" + reason})
		if err != nil {
			return err
		}
		for i := range list.Items {
			if about := list.Items[i].InvolvedObject; about.Kind == "Service" && about.Name == "web" {
				return nil
			}
		}
		return fmt.Errorf("%d Events, none of them about the Service", len(list.Items))
	})
}
