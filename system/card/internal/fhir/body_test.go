package fhir

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// A body that is announced and does not come holds no memory: hundreds of them
// may be waited for at once.
func TestWhatIsAnnouncedHoldsNoMemory(t *testing.T) {
	a := &API{most: 64 << 20}
	ask := func(body io.Reader, length int64) ([]byte, error) {
		r := httptest.NewRequest(http.MethodPost, "/fhir/R4/Device", body)
		r.Header.Set("Content-Type", mediaType)
		r.ContentLength = length
		return a.body(httptest.NewRecorder(), r)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		if _, err := ask(iotest.ErrReader(errors.New("cut")), 60<<20); err == nil {
			t.Fatal("a body that did not come")
		}
	}
	runtime.ReadMemStats(&after)
	if held := after.TotalAlloc - before.TotalAlloc; held > 40<<20 {
		t.Errorf("%d MB were held for nothing", held>>20)
	}
	for _, size := range []int{1, promised - 1, promised, promised + 1, 3*promised + 7} {
		sent := strings.Repeat("я", size/2) + strings.Repeat("x", size%2)
		for _, length := range []int64{int64(size), -1} {
			if got, err := ask(strings.NewReader(sent), length); err != nil || string(got) != sent {
				t.Errorf("%d bytes, announced %d: %d came, %v", size, length, len(got), err)
			}
		}
	}
}
