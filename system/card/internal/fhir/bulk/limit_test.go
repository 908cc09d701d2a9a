package bulk_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/fhir/bulk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

// A client may have three exports under way, however many it begins at once.
func TestExportsThatBeginInOneMomentKeepTheLimit(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital, _ *bulk.Desk) {
		const asked = 12
		statuses := make([]int, asked)
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range asked {
			all.Go(func() {
				<-start
				statuses[i] = h.Get("/$export?_type=Patient", "machine", "Prefer", "respond-async").Status
			})
		}
		close(start)
		all.Wait()
		begun := 0
		for _, s := range statuses {
			switch s {
			case http.StatusAccepted:
				begun++
			case http.StatusTooManyRequests:
			default:
				t.Errorf("%v", statuses)
			}
		}
		if n := h.Count(`SELECT COUNT(*) FROM fhir_export WHERE state = 'waiting'`); begun != 3 || n != 3 {
			t.Errorf("%d begun, %d are under way: %v", begun, n, statuses)
		}
	})
}
