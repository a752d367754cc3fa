//go:build integration

package integration_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/dashboard"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/dashboard/page"
)

func newDashboard(k kubectl, streams genericiooptions.IOStreams) *cobra.Command {
	return dashboard.NewCommand(k, streams)
}

// printedAddress matches the address that the dashboard prints.
var printedAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+/\w+/`)

// opensDashboard starts a dashboard, which runs until the test ends, and returns its address.
func (k kubectl) opensDashboard(t *testing.T, installation *tanist) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, stderr, done := k.begin(ctx, newDashboard, "--no-browser", "--tanist-namespace", installation.namespace)
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the dashboard ended: %v\n%s", err, stderr)
		}
	})
	history.eventually(t, func() string {
		if !printedAddress.MatchString(out.String()) {
			return "the dashboard's address; it printed " + out.String() + stderr.String()
		}
		return ""
	})
	return printedAddress.FindString(out.String())
}

// dashboardRows follows a dashboard, and gives what it says of Service web to found until that returns true.
func dashboardRows(t *testing.T, address string, found func(row page.Row) bool) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var u struct{ Rows []page.Row }
		text, isData := strings.CutPrefix(lines.Text(), "data: ")
		if !isData {
			continue
		}
		if err := json.Unmarshal([]byte(text), &u); err != nil {
			t.Fatal(err)
		}
		for _, row := range u.Rows {
			if row.Status.Service == "web" && found(row) {
				return
			}
		}
	}
	t.Fatalf("the updates ended: %v", lines.Err())
}

func TestTheDashboardFollowsHandoversWithTheRoleView(t *testing.T) {
	installation := newTanist(t)
	installation.startElected()
	s, _ := pair(t)
	s.follows("web-leader", "a", "b")
	s.bindRole("viewer", "system:aggregate-to-view") // the role that the role view is made of

	address := kubectl{namespace: s.namespace, user: "viewer"}.opensDashboard(t, installation)
	dashboardRows(t, address, func(row page.Row) bool {
		return row.Status.Leader != nil && row.Status.Leader.Name == "a" && row.Status.Successor == "b" && row.Watched == "node and pod"
	})
	s.terminate("a")
	second := s.leads("web", "b")
	dashboardRows(t, address, func(row page.Row) bool {
		moves, disruptions := row.Moves, row.Disruptions
		return row.Status.Term == second.Term && len(moves) == 2 && moves[1].Kind == page.Planned && moves[1].From == "a" && moves[1].To == "b" &&
			len(disruptions) > 0 && disruptions[0].Pod == "a" && disruptions[0].Led && disruptions[0].Planned
	})

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"service?namespace="+s.namespace+"&name=web", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"reason":"LeaderDeleted"`, `"roles":["leads"`, "nodes that are cordoned", `"kinds":["first","planned"]`} {
		if answer.StatusCode != http.StatusOK || !strings.Contains(string(text), part) {
			t.Errorf("the details do not say %s: %d, %s", part, answer.StatusCode, text)
		}
	}
}

func TestTheDashboardNeedsARightToReadServices(t *testing.T) {
	s := newNamespace(t)
	_, _, err := kubectl{namespace: s.namespace, user: "nobody"}.run(t, newDashboard, "--no-browser")
	if err == nil || !strings.Contains(err.Error(), "failed to list Services: services is forbidden") {
		t.Errorf("got %v", err)
	}
}
