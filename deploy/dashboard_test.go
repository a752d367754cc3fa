package deploy_test

import "testing"

// TestDashboard checks that the panels have the fields that Grafana needs, and do not overlap.
func TestDashboard(t *testing.T) {
	var dashboard struct {
		Title  string `json:"title"`
		UID    string `json:"uid"`
		Panels []struct {
			ID          int    `json:"id"`
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
	read(t, "chart/dashboard.json", &dashboard)
	if dashboard.Title != "Tanist" || dashboard.UID == "" || len(dashboard.Panels) == 0 {
		t.Fatalf("unexpected dashboard %q, %q with %d panels", dashboard.Title, dashboard.UID, len(dashboard.Panels))
	}
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, panel := range dashboard.Panels {
		if panel.ID == 0 || ids[panel.ID] || panel.Description == "" || panel.Datasource.UID != "${datasource}" || len(panel.Targets) == 0 {
			t.Errorf("%s: a field is missing, or another panel has id %d", panel.Title, panel.ID)
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
