"""Holds the refusals of exports and imports."""

from kit.refusals import FieldRefusal, Refusal, TooManyRequests

_LOOK_AGAIN_SECONDS = 10


class ExportNotFound(Refusal):
    """There is no such export of the caller."""

    code = "export_not_found"
    status = 404
    title_en = "Export not found"
    title_ru = "Выгрузка не найдена"
    detail_en = "There is no such export."
    detail_ru = "Такой выгрузки нет."


class ImportNotFound(Refusal):
    """There is no such import of the caller."""

    code = "import_not_found"
    status = 404
    title_en = "Import not found"
    title_ru = "Импорт не найден"
    detail_en = "There is no such import."
    detail_ru = "Такого импорта нет."


class TooManyFileJobs(TooManyRequests):
    """As many files of the caller are worked on as may be."""

    code = "too_many_file_jobs"
    title_en = "Too many files at once"
    title_ru = "Слишком много файлов сразу"
    detail_en = "{most} of your files are worked on, as many as may be; wait for one to end."
    detail_ru = "В работе файлов: {most}, больше нельзя; дождитесь, пока один будет готов."

    def __init__(self, *, most: int) -> None:
        super().__init__(retry_after_seconds=_LOOK_AGAIN_SECONDS)
        self.params = {**self.params, "most": most}


class TooManyExportStreams(TooManyRequests):
    """The caller has as many streams of exports open as one person may have."""

    code = "too_many_streams"
    title_en = "Too many streams"
    title_ru = "Слишком много потоков событий"
    detail_en = "You have {most} streams of events open, as many as one may; close one first."
    detail_ru = "У вас открыто {most} потоков событий, больше нельзя; сначала закройте один."

    def __init__(self, *, most: int) -> None:
        super().__init__(retry_after_seconds=_LOOK_AGAIN_SECONDS)
        self.params = {**self.params, "most": most}


class ImportFormatUnknown(Refusal):
    """Neither the query nor the content type says what an import's file is."""

    code = "import_format_unknown"
    status = 415
    title_en = "Format of the file not known"
    title_ru = "Формат файла неизвестен"
    detail_en = "Name the format (csv, ofx or qif) in “format”, or send it as text/csv,"
    detail_en += " application/x-ofx or application/qif."
    detail_ru = "Укажите формат (csv, ofx или qif) в «format» или отправьте файл как text/csv,"
    detail_ru += " application/x-ofx или application/qif."


class ImportNotText(Refusal):
    """The file is an archive, a workbook or another thing that is no text."""

    code = "import_not_text"
    status = 415
    title_en = "Not a text file"
    title_ru = "Это не текстовый файл"
    detail_en = "Workbooks and archives are not read: save the table as CSV first."
    detail_ru = "Книги Excel и архивы не читаются: сохраните таблицу как CSV."


class ImportEmpty(Refusal):
    """The body of an import is empty."""

    code = "import_empty"
    status = 422
    title_en = "Empty file"
    title_ru = "Пустой файл"
    detail_en = "The file is empty."
    detail_ru = "Файл пуст."


class ImportBusy(Refusal):
    """The import is worked on right now."""

    code = "import_busy"
    status = 409
    title_en = "Import under way"
    title_ru = "Импорт выполняется"
    detail_en = "The file is being worked on; wait until that has ended."
    detail_ru = "Файл обрабатывается; дождитесь окончания."


class ImportNotReady(Refusal):
    """The import can't be booked as it is."""

    code = "import_not_ready"
    status = 409
    title_en = "Import not ready"
    title_ru = "Импорт не готов"
    detail_en = "Only what was checked, and is not ambiguous, can be booked; say what is meant."
    detail_ru = "Провести можно только проверенное и однозначное; уточните, что имеется в виду."


class ImportBooked(Refusal):
    """The import is booked already."""

    code = "import_booked"
    status = 409
    title_en = "Import booked already"
    title_ru = "Импорт уже проведён"
    detail_en = "It is booked already; hand the file in anew."
    detail_ru = "Он уже проведён; загрузите файл заново."


class ImportIntoLinked(FieldRefusal):
    """The account is a wallet's: its movements come by themselves."""

    code = "import_into_linked"
    status = 422
    title_en = "Account of a wallet"
    title_ru = "Счёт кошелька"
    detail_en = "Movements of a wallet come by themselves; choose another account."
    detail_ru = "Движения кошелька появляются сами; выберите другой счёт."
    field = "query/account_id"
