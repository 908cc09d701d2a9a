// The camera in the page: open, take, look, confirm. The photo goes with the
// page's own form, so that the server sees the same request as without scripts.
const stage = document.querySelector("[data-camera]")
const form = document.querySelector("[data-camera-form]")

if (stage && form && navigator.mediaDevices?.getUserMedia) {
  const find = (name) => stage.querySelector(`[data-camera-${name}]`)
  const video = stage.querySelector("video")
  const canvas = stage.querySelector("canvas")
  const buttons = { open: find("open"), take: find("take"), again: find("again"), confirm: find("confirm") }
  const says = find("says")
  let stream = null

  const show = (...names) => {
    for (const [name, button] of Object.entries(buttons)) button.hidden = !names.includes(name)
  }
  const close = () => {
    stream?.getTracks().forEach((track) => track.stop())
    stream = null
    video.hidden = true
  }
  const open = async () => {
    canvas.hidden = true
    says.textContent = ""
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: stage.dataset.facing, width: { ideal: 1280 }, height: { ideal: 960 } },
      })
      video.srcObject = stream
      video.hidden = false
      await video.play()
      show("take")
      buttons.take.focus()
    } catch {
      close()
      show("open")
      says.textContent = stage.dataset.failed
      form.hidden = false
    }
  }

  buttons.open.addEventListener("click", open)
  buttons.again.addEventListener("click", open)
  buttons.take.addEventListener("click", () => {
    canvas.width = video.videoWidth
    canvas.height = video.videoHeight
    canvas.getContext("2d").drawImage(video, 0, 0)
    close()
    canvas.hidden = false
    says.textContent = stage.dataset.look
    show("confirm", "again")
    buttons.confirm.focus()
  })
  buttons.confirm.addEventListener("click", () => {
    canvas.toBlob((blob) => {
      const carrier = new DataTransfer()
      carrier.items.add(new File([blob], "photo.jpg", { type: "image/jpeg" }))
      form.querySelector("[type=file]").files = carrier.files
      form.querySelector("[name=confirmed]").value = "1"
      buttons.confirm.disabled = true
      form.requestSubmit()
    }, "image/jpeg", 0.92)
  })
  addEventListener("pagehide", close)

  stage.hidden = false
  form.hidden = true
  find("file").addEventListener("click", () => {
    form.hidden = false
    form.querySelector("[type=file]").focus()
  })
  show("open")
}
