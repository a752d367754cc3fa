//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/cluster/cluster"
	"github.com/tanist-dev/tanist/test/cluster/process"
)

// TestRealNodes tests a cluster with each kube-proxy, or with those that E2E_PROXIES names. What has nothing to do with the kube-proxy is tested
// with one of them.
func TestRealNodes(t *testing.T) {
	proxies := strings.Fields(os.Getenv("E2E_PROXIES"))
	if len(proxies) == 0 {
		proxies = []string{"nftables", "iptables"}
	}
	for _, mode := range proxies {
		t.Run(mode, func(t *testing.T) {
			before := host(t)
			u := user{t: t, name: "e2e"}
			client, conf := u.up("--nodes", "2", "--proxy-mode", mode, "--cert-manager")
			u.must("image", appImage, bin.app)
			service := deploy(t, client)
			t.Run("three pods are Ready over two nodes and the ClusterIP answers from the host and from each node", func(t *testing.T) {
				clusterIP(t, client, service)
			})
			t.Run("a Service without selector answers through a hand-made EndpointSlice", func(t *testing.T) { handMade(t, client) })
			t.Run("a pod's service account is known and restricted", func(t *testing.T) { serviceAccount(t, client) })
			t.Run("what a user gets wrong gets one clear line", func(t *testing.T) { wrongWhileUp(user{t: t, name: u.name}) })
			if mode == "nftables" {
				t.Run("cert-manager issues a CA and a leaf and injects the bundle", func(t *testing.T) { certManager(t, conf) })
				t.Run("a node that loses power is NotReady, and back when it is started", func(t *testing.T) { power(user{t: t, name: u.name}, client, "kill") })
			} else {
				t.Run("a node that is shut down is NotReady, and back when it is started", func(t *testing.T) { power(user{t: t, name: u.name}, client, "stop") })
				t.Run("up works after everything was killed", func(t *testing.T) { killedAndUp(user{t: t, name: u.name}) })
			}
			dir := u.status().Kubeconfig
			u.must("down")
			t.Run("down leaves nothing", func(t *testing.T) { nothingLeft(t, strings.TrimSuffix(dir, "/kubeconfig"), before) })
		})
	}
}

func clusterIP(t *testing.T, client kubernetes.Interface, service *corev1.Service) {
	nodes := map[string]corev1.Pod{}
	for _, p := range pods(t, client) {
		nodes[p.Spec.NodeName] = p
	}
	if len(nodes) != 2 {
		t.Errorf("the pods are on %d nodes, want 2", len(nodes))
	}
	target := "http://" + service.Spec.ClusterIP + "/"
	get(t, "the ClusterIP answers on the host", target)
	for node, p := range nodes {
		get(t, "the ClusterIP answers in a pod on "+node, via(p, target))
		everyTime(t, "in a pod on "+node, via(p, target))
	}
	everyTime(t, "on the host", target)
}

// everyTime checks that every pod that is chosen, on the same node or on another one, answers at once. kube-proxy may learn of the last
// pod a moment later than of the first.
func everyTime(t *testing.T, where, url string) {
	t.Helper()
	eventually(t, "all three pods answer "+where, func(ctx context.Context) (bool, error) {
		answered := map[string]bool{}
		for range 40 {
			code, body, err := fetch(ctx, url)
			if err != nil || code != http.StatusOK {
				t.Fatalf("the ClusterIP does not always answer %s: %d %s %v", where, code, body, err)
			}
			answered[body] = true
		}
		return len(answered) == 3, fmt.Errorf("%d pods answer, want 3", len(answered))
	})
}

func handMade(t *testing.T, client kubernetes.Interface) {
	service, err := client.CoreV1().Services(ns).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "hand-made"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	chosen := pods(t, client)[0]
	name, port, yes := "http", int32(8080), true
	if _, err := client.DiscoveryV1().EndpointSlices(ns).Create(t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "hand-made", Labels: map[string]string{discoveryv1.LabelServiceName: "hand-made"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{chosen.Status.PodIP}, Conditions: discoveryv1.EndpointConditions{Ready: &yes}}},
		Ports:       []discoveryv1.EndpointPort{{Name: &name, Port: &port}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := get(t, "the hand-made endpoint answers", "http://"+service.Spec.ClusterIP+"/"); got != chosen.Name {
		t.Errorf("%s answers, want %s", got, chosen.Name)
	}
}

func serviceAccount(t *testing.T, client kubernetes.Interface) {
	p := pods(t, client)[0]
	eventually(t, "the API server answers the pod", func(ctx context.Context) (bool, error) {
		code, body, err := fetch(ctx, "http://"+p.Status.PodIP+":8080/whoami")
		if err != nil {
			return false, err
		}
		return code == http.StatusForbidden && strings.Contains(body, "system:serviceaccount:default:default"), fmt.Errorf("%d %s", code, body)
	})
}

func wrongWhileUp(u user) {
	u.refused([]string{"up", "--nodes", "2"}, "already up", "--name "+u.name+" down")
	u.refused([]string{"node", "kill", "node-7"}, `no node "node-7"`, "node-1, node-2")
	u.refused([]string{"node", "start", "node-1"}, "already running")
	u.refused([]string{"image", appImage, "/etc/passwd"}, "not a Linux program")
	other := u
	other.name = "e2e-other"
	other.refusedRealNodes([]string{"up", "--nodes", "1", "--port", "17443"}, `"e2e"`, "--name e2e down")
	other.refused([]string{"up", "--simulated-nodes", "1", "--port", "16443"}, "port 16443", "--port")
}

// power takes a node's power away and brings it back. Nothing announces it: the node is NotReady only after the stock grace period.
func power(u user, client kubernetes.Interface, verb string) {
	const lost = "node-2"
	conditions := func(ctx context.Context, want corev1.ConditionStatus) (bool, error) {
		n, err := client.CoreV1().Nodes().Get(ctx, lost, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady && (c.Status == corev1.ConditionTrue) != (want == corev1.ConditionTrue) {
				return false, fmt.Errorf("node is Ready=%s", c.Status)
			}
		}
		list, err := client.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{LabelSelector: "app=web", FieldSelector: "spec.nodeName=" + lost})
		if err != nil || len(list.Items) == 0 {
			return false, fmt.Errorf("no pods of the node: %w", err)
		}
		for i := range list.Items {
			if got := podReady(&list.Items[i]); got != want {
				return false, fmt.Errorf("pod %s is Ready=%s", list.Items[i].Name, got)
			}
		}
		return true, nil
	}
	u.must("node", verb, lost)
	eventually(u.t, "the node is NotReady and its pods too", func(ctx context.Context) (bool, error) { return conditions(ctx, corev1.ConditionFalse) })
	if got := u.status(); got.Health != cluster.NotReady {
		u.t.Errorf("status says %s (%s), want %s", got.Health, got.Detail, cluster.NotReady)
	}
	u.must("node", "start", lost)
	eventually(u.t, "the node is Ready and its pods too", func(ctx context.Context) (bool, error) { return conditions(ctx, corev1.ConditionTrue) })
	for _, p := range pods(u.t, client) {
		get(u.t, p.Name+" on "+p.Spec.NodeName+" answers", "http://"+p.Status.PodIP+":8080/")
	}
}

func killedAndUp(u user) {
	kill := func(match func(process.Process) bool) {
		for _, p := range u.status().Processes {
			if match(p) {
				if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
					u.t.Fatal(err)
				}
			}
		}
	}
	kill(func(p process.Process) bool { return p.Name == "kube-scheduler" })
	eventually(u.t, "status says that it is half dead", func(context.Context) (bool, error) { return u.status().Health == cluster.HalfDead, nil })
	u.refused([]string{"up", "--nodes", "2"}, "half dead", "kube-scheduler", "--name "+u.name+" down")
	kill(process.Any)
	eventually(u.t, "status says that it is dead", func(context.Context) (bool, error) {
		kill(process.Any) // what was being started while the first signals went out
		return u.status().Health == cluster.Dead, nil
	})
	u.must("up", "--nodes", "2", "--proxy-mode", "iptables")
	if got := u.status(); got.Health != cluster.Healthy {
		u.t.Errorf("status says %s (%s), want %s", got.Health, got.Detail, cluster.Healthy)
	}
}

// host is what a cluster could leave on a host.
func host(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, command := range []string{"nft list ruleset", "ip -brief link", "ip netns list", "ip route"} {
		args := strings.Fields(command)
		out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		all.Write(out)
	}
	return all.String()
}

func nothingLeft(t *testing.T, dir, before string) {
	left, err := process.Find(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("processes are left: %v %v", left, err)
	}
	if left, err := cluster.Leftovers(); err != nil || len(left) > 0 {
		t.Errorf("left on the host: %v %v", left, err)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(mounts), "\n") {
		if strings.Contains(line, dir) || strings.Contains(line, "/run/tanist-cluster") {
			t.Errorf("a mount is left: %s", line)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder %s is left", dir)
	}
	if after := host(t); after != before {
		t.Errorf("the host differs\nbefore:\n%s\nafter:\n%s", before, after)
	}
}
