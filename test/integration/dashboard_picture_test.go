//go:build integration && browser

package integration_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

var (
	picture     = flag.String("picture", "", "file for a picture of the dashboard, which takes as long as its time lines")
	picturePace = flag.Duration("picture-pace", 40*time.Second, "time between two hand-overs of the picture")
)

// drained gives a pod a drain window, as admission does.
func drained(pod *corev1.Pod) {
	pod.Spec.Containers[0].Lifecycle = gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})
}

// TestTheDashboardsPicture makes the picture in docs/dashboard.md: several Services, whose leaders really moved in the last minutes.
func TestTheDashboardsPicture(t *testing.T) {
	if *picture == "" {
		t.Skip("no picture is wanted: make dashboard-picture")
	}
	b := newBrowser(t, 1200, 640)
	installation := newTanist(t)
	installation.startElected()
	s := &testNamespace{t: t, namespace: "shop"}
	if _, err := clientset.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: s.namespace, Labels: map[string]string{config.EnabledKey: "true", workloadsKey: "played"},
	}}, metav1.CreateOptions{}); err != nil {
		t.Fatalf("failed to create namespace: %v", err)
	}
	t.Cleanup(s.optOut)
	for _, name := range []string{"payments", "search", "stock", "sessions", "mail"} {
		s.withService(name)
		for _, pod := range []string{name + "-0", name + "-1", name + "-2"} {
			s.withReadyPod(name, pod, onNode("node-"+pod[len(pod)-1:]), drained)
		}
		s.leads(name, name+"-0")
	}
	s.notReady("mail-1")
	s.notReady("mail-2")
	b.run(chromedp.Navigate(kubectl{namespace: s.namespace}.opensDashboard(t, installation)))
	b.until(`document.querySelectorAll('.facts').length === 5`)

	pace := time.NewTicker(*picturePace)
	defer pace.Stop()
	moves := []func(){
		func() { s.notReady("stock-0"); s.leads("stock", "stock-1") },
		func() {
			s.condition("search-0", string(corev1.DisruptionTarget), "True")
			s.leads("search", "search-1")
		},
		func() { s.terminate("payments-0"); s.leads("payments", "payments-1") },
		func() { s.notReady("mail-0"); s.nobodyLeads("mail") },
		func() { s.kill("search-0"); s.readyAgain("stock-0") },
		func() { s.readyAgain("mail-1"); s.leads("mail", "mail-1") },
		func() {
			s.annotate("sessions", config.PreferredLeaderKey, "sessions-2")
			s.leads("sessions", "sessions-2")
		},
		func() { s.kill("payments-0"); s.withReadyPod("payments", "payments-0", onNode("node-0"), drained) },
		func() { s.notReady("stock-1"); s.leads("stock", "stock-0") },
		func() { s.terminate("payments-1"); s.leads("payments", "payments-2") },
		func() {
			s.readyAgain("stock-1")
			s.readyAgain("mail-0")
			s.withReadyPod("search", "search-0", onNode("node-0"), drained)
		},
		func() { s.kill("payments-1"); s.withReadyPod("payments", "payments-1", onNode("node-1"), drained) },
		func() { s.notReady("mail-1"); s.notReady("mail-0"); s.notReady("mail-2"); s.nobodyLeads("mail") },
	}
	for _, move := range moves {
		select {
		case <-t.Context().Done():
			t.Fatal("the test was stopped")
		case <-pace.C:
			move()
		}
	}
	b.until(`document.querySelectorAll('.noleader').length === 1 && !document.body.innerText.includes('to be published')`)
	b.fine()
	image, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*picture, image, 0o644); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s has %d bytes\n", *picture, len(image))
}
