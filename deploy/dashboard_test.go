package deploy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dashboard is what the tests check of Grafana's format.
type dashboard struct {
	Title      string `json:"title"`
	UID        string `json:"uid"`
	Templating struct {
		List []struct {
			Name       string `json:"name"`
			Type       string `json:"type"`
			Definition string `json:"definition"`
		} `json:"list"`
	} `json:"templating"`
	Panels []struct {
		ID          int    `json:"id"`
		Type        string `json:"type"`
		Title       string `json:"title"`
		Description string `json:"description"`
		Datasource  struct {
			UID string `json:"uid"`
		} `json:"datasource"`
		GridPos struct{ X, Y, W, H int } `json:"gridPos"`
		Targets []struct {
			Expr  string `json:"expr"`
			RefID string `json:"refId"`
		} `json:"targets"`
	} `json:"panels"`
}

// TestDashboard checks that the panels have the fields that Grafana needs, and do not overlap.
func TestDashboard(t *testing.T) {
	var dashboard dashboard
	read(t, "chart/dashboard.json", &dashboard)
	if dashboard.Title != "Tanist" || dashboard.UID == "" || len(dashboard.Panels) == 0 {
		t.Fatalf("unexpected dashboard %q, %q with %d panels", dashboard.Title, dashboard.UID, len(dashboard.Panels))
	}
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, panel := range dashboard.Panels {
		if panel.ID == 0 || ids[panel.ID] {
			t.Errorf("%s: another panel has id %d", panel.Title, panel.ID)
		}
		if panel.Type != "row" && (panel.Description == "" || panel.Datasource.UID != "${datasource}" || len(panel.Targets) == 0) {
			t.Errorf("%s: a field is missing", panel.Title)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			if target.Expr == "" || target.RefID == "" {
				t.Errorf("%s: a field of query %+v is missing", panel.Title, target)
			}
		}
		for x := panel.GridPos.X; x < panel.GridPos.X+panel.GridPos.W; x++ {
			for y := panel.GridPos.Y; y < panel.GridPos.Y+panel.GridPos.H; y++ {
				if other, overlaps := cells[[2]int{x, y}]; overlaps || x >= 24 {
					t.Errorf("%s overlaps %q, or is outside the grid, at %d, %d", panel.Title, other, x, y)
				}
				cells[[2]int{x, y}] = panel.Title
			}
		}
	}
}

// TestTheVariablesOfTheDashboard checks that queries use only variables that there are, and that queries about single Services show those that
// the reader has chosen.
func TestTheVariablesOfTheDashboard(t *testing.T) {
	var dashboard dashboard
	read(t, "chart/dashboard.json", &dashboard)
	var names []string
	known := []string{"__rate_interval", "__range"} // Grafana's own
	texts := map[string]string{}
	for _, variable := range dashboard.Templating.List {
		names = append(names, variable.Name)
		texts["variable "+variable.Name] = variable.Definition
	}
	if diff := cmp.Diff([]string{"datasource", "namespace", "service"}, names); diff != "" {
		t.Errorf("unexpected variables (-want +got):\n%s", diff)
	}
	perService := regexp.MustCompile(`tanist_(leader_term|service_without_leader|foreign_endpointslices)\b`)
	filtered := 0
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			texts[panel.Title+" "+target.RefID] = target.Expr
			all := len(perService.FindAllString(target.Expr, -1))
			if strings.Count(target.Expr, `{namespace=~"$namespace", service=~"$service"}`) != all {
				t.Errorf("%s: query %s is about single Services, and not those that the reader has chosen", panel.Title, target.Expr)
			}
			filtered += all
		}
	}
	if filtered == 0 {
		t.Error("no panel is about single Services")
	}
	for where, text := range texts {
		for _, used := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(text, -1) {
			if !slices.Contains(slices.Concat(known, names), used[1]) {
				t.Errorf("%s uses variable %s, which does not exist", where, used[1])
			}
		}
	}
}
