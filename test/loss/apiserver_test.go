//go:build e2e

package loss

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/env"
)

// losePowerOfAPIServer is loseLeadersPower where one of two API servers is on the leader's node, and all watches of Tanist's replicas come from it.
func losePowerOfAPIServer(t *testing.T, s *scene) (inject, end step) {
	t.Helper()
	second := s.startAPIServer(t, leadersNode(s))
	for _, pod := range s.replicas.all() {
		second.take(t, pod.Spec.NodeName, pod.Status.PodIP)
	}
	pause(t, toHear)
	lose, start := loseLeadersPower(t, s)
	end = all([]step{start, func(context.Context) error {
		s.awaitAPIServers(t, 1)
		return nil
	}})
	return lose, end
}

// apiServer is a second API server of the cluster, in a node's network.
type apiServer struct {
	program *exec.Cmd
	// address is its own, first that of the other one, and port is where both are reached.
	address, first, port string
}

// startAPIServer starts another API server on a node, which pods reach at the same Service as the first one. It ends with the node's power, or with the
// test.
func (b *testbed) startAPIServer(t *testing.T, node string) *apiServer {
	t.Helper()
	there := programs(t, "kube-apiserver", "")
	if len(there) != 1 {
		t.Fatalf("%d API servers run, want one", len(there))
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", there[0]))
	if err != nil {
		t.Fatal(err)
	}
	arguments := strings.Split(strings.TrimSuffix(string(cmdline), "\x00"), "\x00")
	second := &apiServer{
		address: b.addressOf(node), first: flagOf(t, arguments, "advertise-address"), port: flagOf(t, arguments, "secure-port"),
	}
	for i, argument := range arguments {
		switch {
		case strings.HasPrefix(argument, "--advertise-address="):
			arguments[i] = "--advertise-address=" + second.address
		case strings.HasPrefix(argument, "--etcd-servers="): // it listens on all addresses
			arguments[i] = strings.Replace(argument, "127.0.0.1", second.first, 1)
		}
	}
	second.program = exec.Command("nsenter", append([]string{"--net=/run/netns/tanist-" + node}, arguments...)...)
	second.program.Env = append(os.Environ(), "TANIST_CLUSTER="+env.ClusterFolder(), "TANIST_CLUSTER_NODE="+node)
	if err := second.program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = second.program.Process.Kill()
		_ = second.program.Wait()
	})
	b.awaitAPIServers(t, 2)
	return second
}

func flagOf(t *testing.T, arguments []string, name string) string {
	t.Helper()
	for _, argument := range arguments {
		if value, found := strings.CutPrefix(argument, "--"+name+"="); found {
			return value
		}
	}
	t.Fatalf("the API server has no flag %s", name)
	return ""
}

// awaitAPIServers waits until the cluster's Service for the API has so many.
func (b *testbed) awaitAPIServers(t *testing.T, want int) {
	t.Helper()
	env.Await(t, fmt.Sprintf("the Service kubernetes has %d API servers", want), func(ctx context.Context) error {
		list, err := b.client.DiscoveryV1().EndpointSlices(metav1.NamespaceDefault).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=kubernetes"})
		if err != nil {
			return err
		}
		found := 0
		for _, slice := range list.Items {
			found += len(slice.Endpoints)
		}
		if found != want {
			return fmt.Errorf("it has %d", found)
		}
		return nil
	})
}

// refusedFor is how long a replica's connections to the first API server are refused. It uses the one for its watches every second.
const refusedFor = 3 * time.Second

// take makes the watches of a pod come from this API server, by refusing those to the first one for a while.
func (a *apiServer) take(t *testing.T, node, pod string) {
	t.Helper()
	prepareRules(t, node)
	const rule = "add rule inet loss forward ip saddr %s ip daddr %s tcp dport %s "
	change := fmt.Sprintf(rule+"ct state established add @reached { ip daddr }; ", pod, a.address, a.port) +
		fmt.Sprintf(rule+"reject with tcp reset", pod, a.first, a.port)
	if err := nft(node, change)(t.Context()); err != nil {
		t.Fatal(err)
	}
	env.Await(t, "the pod is connected to the second API server", nft(node, fmt.Sprintf("get element inet loss reached { %s }", a.address)))
	pause(t, refusedFor)
	if err := nft(node, "flush chain inet loss forward")(t.Context()); err != nil {
		t.Fatal(err)
	}
}
